// LongRunningRecognize, and what google.longrunning.Operations says of it.
#include <gmock/gmock.h>

#include <thread>

#include "server/security/token.h"
#include "server/services/google/operation_store.h"
#include "tests/server/google_fixture.h"
#include "tests/server/test_certificates.h"
#include "tests/temporary_folder.h"

namespace rill::server::google_speech {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GoogleLongRunningTest : public GoogleFixture {
 protected:
  using Context = grpc::ClientContext;

  std::unique_ptr<longrunning::Operations::Stub> Operations() const {
    return longrunning::Operations::NewStub(NewChannel());
  }

  static speech::LongRunningRecognizeRequest Request(const std::string& audio) {
    speech::LongRunningRecognizeRequest request;
    *request.mutable_config() = SpeechConfig();
    request.mutable_audio()->set_content(audio);
    return request;
  }

  // Each as a caller with this token, if any.
  static void SetToken(const std::string& token, Context* context) {
    if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
  }
  grpc::Status Begin(const speech::LongRunningRecognizeRequest& request,
                     longrunning::Operation* operation, const std::string& token = "") {
    Context context;
    SetToken(token, &context);
    return NewStub()->LongRunningRecognize(&context, request, operation);
  }
  longrunning::Operation Begun(const std::string& audio, const std::string& token = "") {
    longrunning::Operation operation;
    const grpc::Status status = Begin(Request(audio), &operation, token);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_NE(operation.name(), "");
    return operation;
  }
  grpc::Status Get(longrunning::Operation* operation, const std::string& token = "") {
    longrunning::GetOperationRequest request;
    request.set_name(operation->name());
    Context context;
    SetToken(token, &context);
    return Operations()->GetOperation(&context, request, operation);
  }
  longrunning::Operation Done(longrunning::Operation operation) {
    EXPECT_TRUE(Eventually([&] {
      EXPECT_TRUE(Get(&operation).ok());
      return operation.done();
    }));
    return operation;
  }
  grpc::Status Wait(longrunning::Operation* operation, int ms) {
    longrunning::WaitOperationRequest request;
    request.set_name(operation->name());
    if (ms > 0) {
      request.mutable_timeout()->set_seconds(ms / 1000);
      request.mutable_timeout()->set_nanos(ms % 1000 * 1'000'000);
    }
    Context context;
    return Operations()->WaitOperation(&context, request, operation);
  }
  grpc::Status Cancel(const std::string& name) {
    longrunning::CancelOperationRequest request;
    request.set_name(name);
    Context context;
    google::protobuf::Empty response;
    return Operations()->CancelOperation(&context, request, &response);
  }
  grpc::Status Delete(const std::string& name) {
    longrunning::DeleteOperationRequest request;
    request.set_name(name);
    Context context;
    google::protobuf::Empty response;
    return Operations()->DeleteOperation(&context, request, &response);
  }
  longrunning::ListOperationsResponse List(longrunning::ListOperationsRequest request,
                                           const std::string& token, grpc::Status* status) {
    Context context;
    SetToken(token, &context);
    longrunning::ListOperationsResponse response;
    *status = Operations()->ListOperations(&context, request, &response);
    return response;
  }
  void StartWithTokens(TemporaryFolder* folder) {
    ServerOptions options = FewThreads();
    options.token_file = *folder / "tokens";
    ReplaceFile(options.token_file,
                TokenLine("alice", "secret", 0) + "\n" + TokenLine("bob", "hidden", 0) + "\n");
    Start(options);
  }
};

TEST_F(GoogleLongRunningTest, TheResultsAreThoseOfRecognize) {
  Start();
  const std::string audio = NoiseAudio(10250);
  const longrunning::Operation done = Done(Begun(audio));
  ASSERT_TRUE(done.has_response()) << done.ShortDebugString();
  EXPECT_EQ(done.response().type_url(),
            "type.googleapis.com/google.cloud.speech.v1.LongRunningRecognizeResponse");
  speech::LongRunningRecognizeResponse response;
  ASSERT_TRUE(done.response().UnpackTo(&response));
  GoogleOutcome outcome;
  outcome.Take(response.results());
  EXPECT_NE(outcome.Words(), "");
  EXPECT_EQ(outcome.Words(), Recognize(audio).Words());
  speech::LongRunningRecognizeMetadata metadata;
  ASSERT_TRUE(done.metadata().UnpackTo(&metadata));
  EXPECT_EQ(metadata.progress_percent(), 100);
  EXPECT_GT(metadata.start_time().seconds(), 0);
  EXPECT_GE(metadata.last_update_time().seconds(), metadata.start_time().seconds());
  // The results stay, but take no slot.
  EXPECT_TRUE(EverythingFreed());
  EXPECT_EQ(Done(done).SerializeAsString(), done.SerializeAsString());
}

TEST_F(GoogleLongRunningTest, TheCallIsAnsweredBeforeTheModelHasHeardAnything) {
  Start();
  fake().CloseGate();
  longrunning::Operation operation = Begun(NoiseAudio(1000));
  EXPECT_FALSE(operation.done());
  EXPECT_TRUE(Get(&operation).ok());
  EXPECT_FALSE(operation.done());
  speech::LongRunningRecognizeMetadata metadata;
  ASSERT_TRUE(operation.metadata().UnpackTo(&metadata));
  EXPECT_EQ(metadata.progress_percent(), 0);
  fake().OpenGate();
  EXPECT_TRUE(Done(operation).has_response());
}

TEST_F(GoogleLongRunningTest, WhatIsWrongIsSaidAtOnce) {
  Start();
  longrunning::Operation operation;
  auto request = Request("");
  request.mutable_config()->set_max_alternatives(-1);
  grpc::Status status = Begin(request, &operation);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("config.max_alternatives"));
  request = Request("");
  request.mutable_audio()->set_uri("gs://bucket/file");
  EXPECT_THAT(Begin(request, &operation).error_message(), HasSubstr("audio.uri: "));
  request = Request("");
  request.mutable_output_config()->set_gcs_uri("gs://bucket/file");
  status = Begin(request, &operation);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("output_config: "));
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(GoogleLongRunningTest, AudioAtFaultEndsTheOperation) {
  Start();
  const longrunning::Operation done = Done(Begun(std::string(1, kFakeBadByte)));
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(done.error().message(), "audio: not audio");
  EXPECT_TRUE(EverythingFreed());
}

TEST_F(GoogleLongRunningTest, MoreResultsThanOneMessageHolds) {
  ServerOptions options = FewThreads();
  options.max_message_bytes = 100000;
  fake().word_padding = 20000;
  Start(options);
  EXPECT_EQ(Done(Begun(NoiseAudio(3000))).error().code(), grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(GoogleLongRunningTest, EachTakesASlotWhileItRuns) {
  ServerOptions options = FewThreads();
  options.max_streams = 1;
  Start(options);
  fake().CloseGate();
  const longrunning::Operation operation = Begun(NoiseAudio(1000));
  longrunning::Operation refused;
  const grpc::Status status = Begin(Request(""), &refused);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_FALSE(status.error_details().empty()) << "when to try again";
  fake().OpenGate();
  EXPECT_TRUE(Done(operation).has_response());
  EXPECT_TRUE(EverythingFreed());
  EXPECT_TRUE(Begin(Request(""), &refused).ok());
}

TEST_F(GoogleLongRunningTest, ACancelledOneIsDone) {
  Start();
  fake().CloseGate();
  longrunning::Operation operation = Begun(NoiseAudio(1000));
  EXPECT_TRUE(Cancel(operation.name()).ok());
  EXPECT_TRUE(Get(&operation).ok());
  EXPECT_TRUE(operation.done());
  EXPECT_EQ(operation.error().code(), grpc::StatusCode::CANCELLED);
  fake().OpenGate();
  EXPECT_TRUE(EverythingFreed());
  // Not what is done.
  operation = Done(Begun(NoiseAudio(1000)));
  EXPECT_TRUE(Cancel(operation.name()).ok());
  EXPECT_TRUE(Done(operation).has_response());
}

TEST_F(GoogleLongRunningTest, ADeletedOneIsGone) {
  Start();
  fake().CloseGate();
  longrunning::Operation running = Begun(NoiseAudio(1000));
  EXPECT_TRUE(Delete(running.name()).ok());
  fake().OpenGate();
  EXPECT_TRUE(EverythingFreed());
  longrunning::Operation done = Done(Begun(NoiseAudio(1000)));
  EXPECT_TRUE(Delete(done.name()).ok());
  for (longrunning::Operation* operation : {&running, &done}) {
    const grpc::Status status = Get(operation);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_THAT(status.error_message(), HasSubstr("name: no operation '"));
    EXPECT_EQ(Delete(operation->name()).error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(Cancel(operation->name()).error_code(), grpc::StatusCode::NOT_FOUND);
  }
}

TEST_F(GoogleLongRunningTest, AClientMayWait) {
  Start();
  fake().CloseGate();
  longrunning::Operation operation = Begun(NoiseAudio(1000));
  EXPECT_TRUE(Wait(&operation, 20).ok());
  EXPECT_FALSE(operation.done());
  std::thread opener([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    fake().OpenGate();
  });
  EXPECT_TRUE(Wait(&operation, 0).ok());
  EXPECT_TRUE(operation.has_response());
  EXPECT_TRUE(Wait(&operation, 1000000).ok()) << "at once";
  opener.join();
}

TEST_F(GoogleLongRunningTest, AClientThatWaitsMayGo) {
  Start();
  fake().CloseGate();
  const longrunning::Operation operation = Begun(NoiseAudio(1000));
  longrunning::WaitOperationRequest request;
  request.set_name(operation.name());
  Context context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  longrunning::Operation response;
  EXPECT_EQ(Operations()->WaitOperation(&context, request, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  fake().OpenGate();
  EXPECT_TRUE(Done(operation).has_response());
}

TEST_F(GoogleLongRunningTest, EverybodySeesTheirOwn) {
  TemporaryFolder folder;
  StartWithTokens(&folder);
  longrunning::Operation first = Begun(NoiseAudio(100), "secret");
  const longrunning::Operation second = Begun(NoiseAudio(100), "secret");
  EXPECT_TRUE(Get(&first, "secret").ok());
  EXPECT_EQ(Get(&first, "hidden").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Get(&first).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Cancel(first.name()).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Delete(first.name()).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Wait(&first, 1).error_code(), grpc::StatusCode::UNAUTHENTICATED);

  grpc::Status status;
  longrunning::ListOperationsRequest request;
  const auto all = List(request, "secret", &status);
  ASSERT_EQ(all.operations_size(), 2) << status.error_message();
  EXPECT_EQ(all.operations(0).name(), first.name());
  EXPECT_EQ(all.next_page_token(), "");
  EXPECT_THAT(List(request, "hidden", &status).operations(), IsEmpty());
  EXPECT_TRUE(status.ok());
  request.set_page_size(1);
  auto page = List(request, "secret", &status);
  ASSERT_EQ(page.operations_size(), 1);
  EXPECT_EQ(page.operations(0).name(), first.name());
  request.set_page_token(page.next_page_token());
  page = List(request, "secret", &status);
  ASSERT_EQ(page.operations_size(), 1);
  EXPECT_EQ(page.operations(0).name(), second.name());
  EXPECT_EQ(page.next_page_token(), "");
  request.set_page_token("none");
  List(request, "secret", &status);
  EXPECT_THAT(status.error_message(), HasSubstr("page_token: "));
  request.clear_page_token();
  request.set_filter("done");
  List(request, "secret", &status);
  EXPECT_THAT(status.error_message(), HasSubstr("filter: "));
}

TEST_F(GoogleLongRunningTest, CallersWithoutANameKeepTheirsToThemselves) {
  Start();
  Begun("");
  grpc::Status status;
  EXPECT_THAT(List({}, "", &status).operations(), IsEmpty());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(GoogleLongRunningTest, AServerStopsWithThem) {
  Start();
  fake().CloseGate();
  for (int i = 0; i < 3; ++i) Begun(NoiseAudio(1000));
  std::thread opener([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    fake().OpenGate();
  });
  StopServer();
  opener.join();
  EXPECT_EQ(fake().live_streams, 0);
}

TEST_F(GoogleLongRunningTest, ADrainWaitsForThem) {
  Start();
  fake().CloseGate();
  const longrunning::Operation operation = Begun(NoiseAudio(1000));
  fake().OpenGate();
  server().Drain(std::chrono::minutes(1));
  EXPECT_EQ(fake().live_streams, 0);
}

}  // namespace
}  // namespace rill::server::google_speech
