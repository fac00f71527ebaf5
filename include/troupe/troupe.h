/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_TROUPE_H
#define TROUPE_TROUPE_H

/* Everything. Where to begin: src/README.md, or the README. */

#include "troupe/actor.h"
#include "troupe/array.h"
#include "troupe/array_file.h"
#include "troupe/array_later.h"
#include "troupe/base.h"
#include "troupe/behavior.h"
#include "troupe/call.h"
#include "troupe/checkpoint.h"
#include "troupe/dead_letter.h"
#include "troupe/directory.h"
#include "troupe/element.h"
#include "troupe/exchange.h"
#include "troupe/grid.h"
#include "troupe/kernel.h"
#include "troupe/life.h"
#include "troupe/linear.h"
#include "troupe/linear_file.h"
#include "troupe/linear_later.h"
#include "troupe/mail.h"
#include "troupe/message.h"
#include "troupe/order.h"
#include "troupe/outbox.h"
#include "troupe/output.h"
#include "troupe/owned.h"
#include "troupe/program.h"
#include "troupe/random.h"
#include "troupe/reduce.h"
#include "troupe/runtime.h"
#include "troupe/scan.h"
#include "troupe/team.h"
#include "troupe/verbs.h"
#include "troupe/version.h"

#endif
