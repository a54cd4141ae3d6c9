// rill-bench: every benchmark of the kernels and the encoder in one program (Google Benchmark).
#include <benchmark/benchmark.h>
#include <omp.h>

#include <cstdio>
#include <cstring>

#include "kernels/cpu/simd.h"

namespace {

constexpr char kHelp[] = R"(rill-bench: how fast rill's arithmetic is on this machine.

  rill-bench --benchmark_filter=EncoderStep    the serving encoder: streams a core, share of the
                                               machine's matrix rate
  rill-bench --benchmark_filter='Linear|Softmax'
                                               linear against softmax attention, time and memory,
                                               512 to 65,536 frames (minutes)
  rill-bench --benchmark_filter='RecurrentStep|MemoryCopy'
                                               the serving step of attention against memory
  rill-bench --benchmark_filter=Decode         greedy and beam search on the clips of tests/data
  rill-bench --benchmark_filter=LogMel         the features of 10,000 streams
  rill-bench --benchmark_filter=Stream         saving a live stream, and going on from what was saved
  rill-bench --benchmark_filter='Norm|Silu|Glu|Heads|Ctc|Copy'
                                               the fused kernels of training

RILL_MAX_SIMD=avx2 (or avx512) shows what a lesser processor gets. For a loaded server see `rill load`.
All options of Google Benchmark work:

)";

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0 || std::strcmp(argv[i], "-h") == 0) {
      std::fputs(kHelp, stdout);
    }
  }
  omp_set_num_threads(1);  // one core: the same as a model thread of the server
  benchmark::AddCustomContext("simd", rill::kernels::SimdName());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
