// Which vector instructions this processor has, found once at run time, and the way a kernel picks
// its variant. Files named *_simd.cc are compiled once an instruction set (cmake/rill.cmake), each
// time into the namespace RILL_SIMD; the plain .cc beside them calls the best one.
//
// Rule for *_simd.cc: loops over raw pointers, helpers `static inline`, no standard containers or
// other templates with external linkage, or the linker may keep the AVX-512 copy of one for a
// processor that cannot run it.
#pragma once

namespace rill::kernels {

enum class Simd {
  kAvx2,    // x86-64-v3: AVX2, FMA, F16C. The least rill runs on
  kAvx512,  // x86-64-v4: AVX-512 F, BW, CD, DQ, VL
};

// The level in use: the best the processor has, or less if the environment variable RILL_MAX_SIMD
// says so (for tests and comparisons): avx2, or avx512 for AVX-512 without BFloat16 and int8
// products. Read once. Any thread.
Simd CurrentSimd();

// True if this processor has what kAvx2 needs. Elsewhere no kernel may be called. Any thread.
bool HasLeastSimd();

// True if bf16 matrix products are fast here (AVX512_BF16 or AMX). Obeys RILL_MAX_SIMD.
bool HasFastBFloat16();

// True if int8 matrix products are fast here (AVX512_VNNI). Obeys RILL_MAX_SIMD.
bool HasFastInt8();

// True if matrix products have a unit of their own (AMX). Obeys RILL_MAX_SIMD.
bool HasAmx();

// "avx2", "avx512", "avx512+bf16", "avx512+bf16+amx": for logs and benchmark reports.
const char* SimdName();

}  // namespace rill::kernels

// RILL_SIMD_DECLARE(declaration): declares a function of a *_simd.cc file in every variant.
#define RILL_SIMD_DECLARE(...) \
  namespace avx2 {             \
  __VA_ARGS__;                 \
  }                            \
  namespace avx512 {           \
  __VA_ARGS__;                 \
  }

// RILL_SIMD_CALL(Function, args...): calls avx512::Function or avx2::Function.
#define RILL_SIMD_CALL(function, ...)                               \
  (::rill::kernels::CurrentSimd() == ::rill::kernels::Simd::kAvx512 \
       ? avx512::function(__VA_ARGS__)                              \
       : avx2::function(__VA_ARGS__))

// The same for the files of rill_simd_bfloat16_sources.
#define RILL_SIMD_DECLARE_BFLOAT16(...) \
  RILL_SIMD_DECLARE(__VA_ARGS__)        \
  namespace avx512bf16 {                \
  __VA_ARGS__;                          \
  }

#define RILL_SIMD_CALL_BFLOAT16(function, ...)                            \
  (::rill::kernels::HasFastBFloat16() ? avx512bf16::function(__VA_ARGS__) \
                                      : RILL_SIMD_CALL(function, __VA_ARGS__))
