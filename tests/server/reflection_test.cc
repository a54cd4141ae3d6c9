// What tools such as grpcurl are told of the services.
#include <gmock/gmock.h>

#include "grpcpp/generic/generic_stub.h"
#include "tests/server/server_fixture.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

class ReflectionTest : public ServerFixture {
 protected:
  // The answer's bytes to "list the services". The service's own messages are in no package.
  std::string ListServices(grpc::Status* status) {
    const std::string list_services("\x3a\x00", 2);  // field 7, an empty string
    const grpc::Slice slice(list_services);
    grpc::GenericStub stub(NewChannel());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto next = [&queue] {
      void* tag;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    const auto call = stub.PrepareCall(
        &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
    call->StartCall(nullptr);
    grpc::ByteBuffer answer;
    if (next()) {
      call->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
      if (next()) {
        call->Read(&answer, nullptr);
        next();
      }
    }
    call->Finish(status, nullptr);
    next();
    grpc::Slice bytes;
    if (!answer.Valid() || !answer.DumpToSingleSlice(&bytes).ok()) return "";
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  }
};

TEST_F(ReflectionTest, NamesEveryService) {
  Start();
  grpc::Status status;
  const std::string services = ListServices(&status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const char* service : {"rill.v1.SpeechRecognition", "nvidia.riva.asr.RivaSpeechRecognition",
                              "google.cloud.speech.v1.Speech", "google.longrunning.Operations",
                              "grpc.health.v1.Health"}) {
    EXPECT_THAT(services, HasSubstr(service));
  }
}

TEST_F(ReflectionTest, IsSilentIfSwitchedOff) {
  ServerOptions options = FewThreads();
  options.reflection = false;
  Start(options);
  grpc::Status status;
  EXPECT_EQ(ListServices(&status), "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace rill::server
