/* SPDX-License-Identifier: Apache-2.0 */
/* relax.h - what a thread does between two looks at what another one is about to write. */
#ifndef WEIR_CORE_RELAX_H
#define WEIR_CORE_RELAX_H

/* So often somebody looks before sleeping, which costs more than that: some microseconds. */
#define WEIR_LOOKS 200

static inline void weir_relax(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

#endif
