// ThreadSanitizer's options for tests that use gRPC. Link this into them; without effect in other
// builds.
//
// Debian's libgrpc, libprotobuf and libabsl are not instrumented: ThreadSanitizer does not see how
// they hand work from thread to thread, takes all of that for races, thousands a minute, and spends
// minutes on suppressing them. As every reaction runs on gRPC's stack, a suppression would hide our
// own code as well. So such tests run without reports: for another timing, and for what they check
// themselves. session_test is the one that checks our locks and lifetimes, without gRPC, with every
// report.

extern "C" const char* __tsan_default_options() { return "report_bugs=0"; }
