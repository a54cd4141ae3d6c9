// What ThreadSanitizer is not to report in tests that use gRPC. Linked into them; without effect in
// other builds.
//
// Debian's libgrpc, libprotobuf and libabsl are not instrumented: ThreadSanitizer does not see how
// they hand work from thread to thread, and takes all of that for races. As every reaction runs on
// gRPC's stack, little of ours is left to check in such a test but deadlocks; session_test is the
// one that checks our own locking, without gRPC and without suppressions.

extern "C" const char* __tsan_default_suppressions() {
  return "race:grpc::\n"
         "race:grpc_\n"
         "race:google::protobuf::\n"
         "race:libgrpc\n"
         "race:libgpr\n"
         "race:libprotobuf\n"
         "race:libabsl\n"
         // Created and used inside gRPC's own threads.
         "called_from_lib:libgrpc\n"
         "mutex:libgrpc\n"
         "deadlock:libgrpc\n";
}
