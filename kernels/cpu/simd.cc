#include "kernels/cpu/simd.h"

#include <cpuid.h>

#include <cstdlib>
#include <cstring>

namespace rill::kernels {
namespace {

bool HasAmxBFloat16() {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (edx & (1u << 22)) != 0;
}

bool HasAvx512BFloat16() {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & (1u << 5)) != 0;
}

bool HasAvx512Vnni() {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ecx & (1u << 11)) != 0;
}

bool IsLimitedTo(const char* level) {
  const char* limit = std::getenv("RILL_MAX_SIMD");
  return limit != nullptr && std::strcmp(limit, level) == 0;
}

Simd Detect() {
  if (IsLimitedTo("avx2")) return Simd::kAvx2;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return avx512 ? Simd::kAvx512 : Simd::kAvx2;
}

}  // namespace

bool HasLeastSimd() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c");
}

Simd CurrentSimd() {
  static const Simd simd = Detect();
  return simd;
}

bool HasFastBFloat16() {
  static const bool fast =
      CurrentSimd() == Simd::kAvx512 && HasAvx512BFloat16() && !IsLimitedTo("avx512");
  return fast;
}

bool HasFastInt8() {
  static const bool fast =
      CurrentSimd() == Simd::kAvx512 && HasAvx512Vnni() && !IsLimitedTo("avx512");
  return fast;
}

bool HasAmx() {
  static const bool amx = HasFastBFloat16() && HasAmxBFloat16();
  return amx;
}

const char* SimdName() {
  if (!HasFastBFloat16()) return CurrentSimd() == Simd::kAvx512 ? "avx512" : "avx2";
  return HasAmx() ? "avx512+bf16+amx" : "avx512+bf16";
}

}  // namespace rill::kernels
