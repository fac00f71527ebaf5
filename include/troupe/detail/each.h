/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TROUPE_DETAIL_EACH_H
#define TROUPE_DETAIL_EACH_H

/*
 * Lists in the preprocessor, for the macros of message.h, behavior.h and verbs.h. Users
 * have no need of it. Nothing here goes beyond C17: no __VA_OPT__, no empty variadics.
 */

/* clang-format off */
#define TROUPE_CAT_(a, b)        a##b
#define TROUPE_CAT(a, b)         TROUPE_CAT_(a, b)
#define TROUPE_SECOND_(a, b, ...) b
#define TROUPE_SECOND(...)       TROUPE_SECOND_(__VA_ARGS__)
#define TROUPE_PROBE(...)        ~, 1

/* 1 for an item in parentheses, "(KIND, a, b)"; 0 for any other. */
#define TROUPE_IS_TUPLE(...) TROUPE_SECOND(TROUPE_PROBE __VA_ARGS__, 0, ~)

/* 1 for the tags that stand for "there is none", else 0. */
#define TROUPE_ABSENT_troupe_no_state     ~, 1
#define TROUPE_ABSENT_troupe_no_arguments ~, 1
#define TROUPE_IS_ABSENT(tag) TROUPE_SECOND(TROUPE_ABSENT_##tag, 0, ~)

/*
 * m(context, item before, item) for each of up to 64 items, then m_LAST(context, last).
 * The item before the first is `first`. Items are expanded before, so an item may itself
 * be made with TROUPE_EACH.
 */
#define TROUPE_EACH(m, context, first, ...) \
    TROUPE_CAT(TROUPE_EACH_, TROUPE_COUNT(__VA_ARGS__))(m, context, first, __VA_ARGS__)

/* How many arguments, 1 to 64. */
#define TROUPE_COUNT_(                                                                 \
    a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,   \
    a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34,    \
    a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50,    \
    a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, n, ...)      \
    n
#define TROUPE_COUNT(...)                                                              \
    TROUPE_COUNT_(__VA_ARGS__,                                                         \
                  64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49,      \
                  48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33,      \
                  32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,      \
                  16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, ~)

/* ONE or MANY: is there a second argument? Up to 128, for initialisers with commas. */
#define TROUPE_ONE_OR_MANY_(                                                           \
    a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18,   \
    a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34,    \
    a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50,    \
    a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, a65, a66,    \
    a67, a68, a69, a70, a71, a72, a73, a74, a75, a76, a77, a78, a79, a80, a81, a82,    \
    a83, a84, a85, a86, a87, a88, a89, a90, a91, a92, a93, a94, a95, a96, a97, a98,    \
    a99, a100, a101, a102, a103, a104, a105, a106, a107, a108, a109, a110, a111,       \
    a112, a113, a114, a115, a116, a117, a118, a119, a120, a121, a122, a123, a124,      \
    a125, a126, a127, a128, n, ...)                                                    \
    n
#define TROUPE_ONE_OR_MANY(...)                                                        \
    TROUPE_ONE_OR_MANY_(__VA_ARGS__,                                                   \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                        MANY, MANY, MANY, MANY, MANY, MANY, MANY, ONE, ~)

#define TROUPE_EACH_1(m, c, p, x) m(c, p, x) m##_LAST(c, x)
#define TROUPE_EACH_2(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_1(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_3(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_2(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_4(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_3(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_5(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_4(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_6(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_5(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_7(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_6(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_8(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_7(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_9(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_8(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_10(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_9(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_11(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_10(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_12(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_11(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_13(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_12(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_14(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_13(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_15(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_14(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_16(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_15(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_17(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_16(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_18(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_17(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_19(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_18(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_20(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_19(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_21(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_20(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_22(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_21(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_23(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_22(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_24(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_23(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_25(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_24(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_26(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_25(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_27(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_26(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_28(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_27(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_29(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_28(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_30(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_29(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_31(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_30(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_32(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_31(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_33(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_32(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_34(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_33(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_35(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_34(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_36(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_35(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_37(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_36(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_38(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_37(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_39(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_38(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_40(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_39(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_41(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_40(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_42(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_41(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_43(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_42(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_44(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_43(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_45(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_44(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_46(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_45(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_47(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_46(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_48(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_47(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_49(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_48(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_50(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_49(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_51(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_50(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_52(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_51(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_53(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_52(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_54(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_53(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_55(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_54(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_56(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_55(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_57(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_56(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_58(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_57(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_59(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_58(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_60(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_59(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_61(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_60(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_62(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_61(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_63(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_62(m, c, x, __VA_ARGS__)
#define TROUPE_EACH_64(m, c, p, x, ...) m(c, p, x) TROUPE_EACH_63(m, c, x, __VA_ARGS__)
/* clang-format on */

#endif
