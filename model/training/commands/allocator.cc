// Settings of jemalloc for the whole program. A training step takes and frees hundreds of megabytes
// in large blocks; an allocator that hands them back to the kernel pays for every page again at the
// next step.
extern "C" {
// NOLINTNEXTLINE: jemalloc looks for this very name.
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1";
}
