# SPDX-License-Identifier: BSD-3-Clause
"""Parked processes of a Troupe program in gdb, alive or from a core (x86-64).

    (gdb) source jobs/troupe-gdb.py
    (gdb) troupe-parked                 each parked process with the frames it stands in
    (gdb) troupe-parked -frames 20      with more of them
    (gdb) troupe-parked EXPRESSION      those of a rank that gdb cannot find by itself

EXPRESSION is a pointer to a struct troupe, troupe_actor, actor_rank, fiber or fiber_pool.
Without one the frames are searched for such a pointer, from the selected frame outwards,
then those of the other threads. The library must have been built with -g.

A core must be one that the kernel wrote: gdb's own (generate-core-file, gcore) leaves out
stacks that are guarded by madvise.
"""

import os
import struct

import gdb
import gdb.types
import gdb.unwinder

# What Boost.Context's jump leaves at the address that names a parked context, after eight
# bytes of MXCSR and x87 control word; then comes the caller's stack.
SAVED_REGISTERS = ("r12", "r13", "r14", "r15", "rbx", "rbp", "rip")
SAVED_BYTES = 0x40
CACHE_LINE_BYTES = 64


# ---- from pointers to pools -----------------------------------------------------------


def actor_rank_of_troupe(troupe):
    slots = gdb.types.make_enum_dict(gdb.lookup_type("enum base_slot"))
    rank = troupe["slot"][slots["BASE_SLOT_ACTOR"]]
    return rank.cast(gdb.lookup_type("struct actor_rank").pointer())


WAYS_TO_POOL = {
    "fiber_pool": lambda pool: pool,
    "fiber": lambda fiber: fiber["slab"]["pool"],
    "actor_rank": lambda rank: rank["fibers"],
    "troupe_actor": lambda actor: actor["home"]["fibers"],
    "troupe": lambda troupe: actor_rank_of_troupe(troupe)["fibers"],
}


def pool_of(value):
    """The pool that a pointer leads to, or None."""
    kind = value.type.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_PTR:
        return None
    way = WAYS_TO_POOL.get(kind.target().unqualified().strip_typedefs().tag)
    if way is None or value.is_optimized_out or int(value) == 0:
        return None
    try:
        pool = way(value)
        # A variable that is not set yet points anywhere.
        first = pool["slabs"]["next"]
        return pool if int(pool) and first["previous"] == pool["slabs"].address else None
    except gdb.MemoryError:
        return None


def values_of(frame):
    """The values of a frame's variables, innermost block first."""
    try:
        block = frame.block()
    except RuntimeError:
        return  # no debug information
    while block is not None and not block.is_global and not block.is_static:
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                try:
                    yield symbol.value(frame)
                except (gdb.error, RuntimeError):
                    pass
        block = block.superblock


def fiber_of_entry(frame):
    """Where the running fiber lies, seen from its outermost frame: right above it."""
    file = frame.find_sal().symtab
    outside = older(frame)
    if frame.name() != "enter" or not file or not outside:
        return None
    if not file.filename.endswith("fiber/context.c"):
        return None
    place = int(outside.read_register("rsp"))
    return gdb.Value(place).cast(gdb.lookup_type("struct fiber").pointer())


def pool_in_frames(frame):
    while frame is not None:
        fiber = fiber_of_entry(frame)
        if fiber is not None:
            return pool_of(fiber)
        for value in values_of(frame):
            pool = pool_of(value)
            if pool is not None:
                return pool
        frame = older(frame)
    return None


def older(frame):
    try:
        return frame.older()
    except gdb.error:
        return None


def find_pool():
    pool = pool_in_frames(gdb.selected_frame())
    selected = gdb.selected_thread()
    try:
        for thread in gdb.selected_inferior().threads():
            if pool is None:
                thread.switch()
                pool = pool_in_frames(gdb.newest_frame())
    finally:
        selected.switch()
    return pool


# ---- from pools to fibers -------------------------------------------------------------


def slabs_of(pool):
    slab_type = gdb.lookup_type("struct fiber_slab")
    link = next(field for field in slab_type.fields() if field.name == "link")
    node = pool["slabs"]["next"]
    while node != pool["slabs"].address:
        address = int(node) - link.bitpos // 8
        yield gdb.Value(address).cast(slab_type.pointer())
        node = node["next"]


def fiber_at(slab, index):
    """It lies near the top of its stack, at one of some places."""
    fiber_type = gdb.lookup_type("struct fiber")
    end = int(slab["base"]) + (index + 1) * int(slab["stack_bytes"])
    for place in range(end - end % CACHE_LINE_BYTES, end - 4096, -CACHE_LINE_BYTES):
        if place + fiber_type.sizeof > end:
            continue
        fiber = gdb.Value(place).cast(fiber_type.pointer())
        if fiber["slab"] == slab and int(fiber["index"]) == index:
            return fiber
    return None


def fibers_of(pool):
    for slab in slabs_of(pool):
        live = int(slab["live"])
        for index in range(int(slab["n_stacks"])):
            fiber = fiber_at(slab, index) if live >> index & 1 else None
            if fiber is not None:
                yield fiber


def state_of(fiber):
    if int(fiber["context"]):
        return "parked" if int(fiber["resumer"]) else "not begun"
    return "running" if int(fiber["resumer"]) else "ended"


def stack_of(fiber):
    size = int(fiber["slab"]["stack_bytes"])
    low = int(fiber["slab"]["base"]) + int(fiber["index"]) * size
    return low, low + size


def used_bytes(fiber):
    """From the lowest page in memory up, None when the kernel cannot be asked."""
    page_bytes = int(fiber["slab"]["pool"]["guards"]["page_bytes"])
    low, end = stack_of(fiber)
    first, last = low // page_bytes + 1, end // page_bytes
    try:
        with open(f"/proc/{gdb.selected_inferior().pid}/pagemap", "rb") as pagemap:
            pagemap.seek(first * 8)
            entries = pagemap.read((last - first) * 8)
    except OSError:
        return None
    for i, (entry,) in enumerate(struct.iter_unpack("<Q", entries)):
        if entry >> 62:  # in memory or swapped out
            return end - (first + i) * page_bytes
    return 0


def is_live():
    target = gdb.execute("info inferiors", to_string=True)
    return gdb.selected_inferior().pid > 0 and "core" not in target.lower()


# ---- frames of a parked fiber ---------------------------------------------------------


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class FiberUnwinder(gdb.unwinder.Unwinder):
    """Makes the registers that a parked fiber saved those of the frame outside the
    innermost one, so that gdb unwinds from there; works on cores, changes nothing."""

    def __init__(self):
        super().__init__("troupe-parked")
        self.real = None  # pc and sp of the innermost frame, while at work
        self.context = 0

    def __call__(self, pending_frame):
        if self.real is None:
            return None
        pc = pending_frame.read_register("rip")
        sp = pending_frame.read_register("rsp")
        if self.real != (int(pc), int(sp)):
            return None
        word = gdb.lookup_type("unsigned long")
        words = gdb.Value(self.context).cast(word.pointer())
        info = pending_frame.create_unwind_info(
            FrameId(gdb.Value(self.context).cast(sp.type), pc)
        )
        for i, name in enumerate(SAVED_REGISTERS):
            info.add_saved_register(name, (words + 1 + i).dereference())
        info.add_saved_register("rsp", gdb.Value(self.context + SAVED_BYTES).cast(word))
        return info


def place_of(frame):
    sal = frame.find_sal()
    if sal.symtab is None:
        return gdb.solib_name(frame.pc()) or ""
    return f"{os.path.basename(sal.symtab.filename)}:{sal.line}"


def frames_of(unwinder, fiber, n_frames):
    """Lines, innermost first; ends with the function that the fiber began with."""
    newest = gdb.newest_frame()
    real = int(newest.read_register("rip")), int(newest.read_register("rsp"))
    lines = []
    unwinder.context = int(fiber["context"])
    unwinder.real = real
    gdb.invalidate_cached_frames()
    try:
        frame = gdb.newest_frame()
        # Functions inlined into the innermost frame are frames as well.
        while frame is not None and int(frame.read_register("rsp")) == real[1]:
            frame = older(frame)
        while frame is not None and len(lines) < n_frames:
            lines.append(f"#{len(lines)}  {frame.name() or '??'} ({place_of(frame)})")
            if frame.function() and frame.function().name == symbol_at(fiber["run"]):
                break
            frame = older(frame)
    finally:
        unwinder.real = None
        gdb.invalidate_cached_frames()
    return lines


def symbol_at(function):
    block = gdb.block_for_pc(int(function))
    if block is not None and block.function is not None:
        return block.function.name
    return f"{int(function):#x}"


# ---- the command ----------------------------------------------------------------------


class Parked(gdb.Command):
    __doc__ = __doc__

    def __init__(self):
        super().__init__("troupe-parked", gdb.COMMAND_STACK, gdb.COMPLETE_EXPRESSION)
        self.unwinder = FiberUnwinder()
        gdb.unwinder.register_unwinder(None, self.unwinder, replace=True)

    def invoke(self, argument, from_tty):
        expression, n_frames = self.parse(argument)
        level = gdb.selected_frame().level()
        try:
            pool = pool_of(gdb.parse_and_eval(expression)) if expression else find_pool()
        except gdb.error as error:
            raise gdb.GdbError(str(error))
        if pool is None:
            raise gdb.GdbError(
                "No pool of fibers found. Select a frame of the library, or give a "
                "pointer to a struct troupe: troupe-parked EXPRESSION"
            )
        try:
            self.show_all(pool, n_frames)
        finally:
            gdb.execute(f"frame level {level}", to_string=True)

    @staticmethod
    def parse(argument):
        words = argument.split(None, 2)
        if words[:1] == ["-frames"]:
            if len(words) < 2 or not words[1].isdecimal():
                raise gdb.GdbError("-frames takes a number.")
            return words[2] if len(words) > 2 else "", int(words[1])
        return argument, 8

    def show_all(self, pool, n_frames):
        counts = {}
        for fiber in fibers_of(pool):
            state = state_of(fiber)
            counts[state] = counts.get(state, 0) + 1
            self.show(fiber, state, n_frames)
        total = ", ".join(f"{counts[state]} {state}" for state in sorted(counts))
        print(f"pool {int(pool):#x}: {total or 'no fibers'}")

    def show(self, fiber, state, n_frames):
        low, end = stack_of(fiber)
        used = used_bytes(fiber) if is_live() else None
        sizes = f"stack of {(end - low) // 1024} KiB"
        if used is not None:
            sizes += f", {used // 1024} KiB used"
        if int(fiber["context"]):
            sizes += f", {end - int(fiber['context'])} bytes deep"
        name = symbol_at(fiber["run"])
        argument = int(fiber["argument"])
        print(f"fiber {int(fiber):#x}  {state}  {name}({argument:#x})  {sizes}")
        if state == "parked":
            for line in frames_of(self.unwinder, fiber, n_frames):
                print(f"    {line}")


Parked()
