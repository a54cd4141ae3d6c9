// Bearer tokens at the door of every RPC.
#include <gmock/gmock.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/security/token.h"
#include "tests/server/server_fixture.h"
#include "tests/server/test_certificates.h"
#include "tests/temporary_folder.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

class AuthenticationTest : public ServerFixture {
 protected:
  void SetUp() override {
    WriteTokens(TokenLine("alice", kAlice, 1) + "\n" + TokenLine("bob", kBob, 0) + "\n");
    ServerOptions options = FewThreads();
    options.token_file = tokens_;
    Start(options);
  }

  void WriteTokens(const std::string& text) { ReplaceFile(tokens_, text); }

  static void Authorize(grpc::ClientContext* context, const std::string& token) {
    context->AddMetadata("authorization", "Bearer " + token);
  }

  grpc::Status List(const std::string& token) {
    grpc::ClientContext context;
    Authorize(&context, token);
    return List(&context);
  }

  grpc::Status List(grpc::ClientContext* context) {
    v1::ListModelsResponse response;
    return stub().ListModels(context, {}, &response);
  }

  std::unique_ptr<StreamingCall> OpenStream(grpc::ClientContext* context,
                                            const std::string& token) {
    Authorize(context, token);
    auto call = stub().StreamingRecognize(context);
    call->Write(ConfigRequest());
    return call;
  }

  bool Started(StreamingCall* call) {
    v1::StreamingRecognizeResponse response;
    return call->Read(&response) && response.has_started();
  }

  static constexpr char kAlice[] = "the-token-of-alice";
  static constexpr char kBob[] = "the-token-of-bob";
  TemporaryFolder folder_;
  const std::string tokens_ = folder_ / "tokens";
};

TEST_F(AuthenticationTest, NoRpcOfOursGoesWithoutAToken) {
  const std::string audio = NoiseAudio(400);
  for (const grpc::Status& status :
       {Stream(audio).status, Transcribe(audio).status, Recognize(audio).status, [&] {
          grpc::ClientContext context;
          return List(&context);
        }()}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr("authorization: Bearer TOKEN"));
  }
  EXPECT_EQ(fake().opened, 0);
}

TEST_F(AuthenticationTest, HealthIsForEverybody) {
  const auto health = grpc::health::v1::Health::NewStub(NewChannel());
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse response;
  EXPECT_TRUE(health->Check(&context, {}, &response).ok());
  EXPECT_EQ(response.status(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST_F(AuthenticationTest, OnlyTheWholeTokenIsGood) {
  EXPECT_TRUE(List(kAlice).ok());
  EXPECT_TRUE(List(kBob).ok());
  for (const std::string& wrong : {std::string(kAlice) + "x", std::string(kAlice).substr(1),
                                   std::string(), std::string("alice"), std::string(5000, 'x')}) {
    EXPECT_EQ(List(wrong).error_code(), grpc::StatusCode::UNAUTHENTICATED) << wrong;
  }
}

TEST_F(AuthenticationTest, TheSchemeMatters) {
  const auto with = [&](const std::vector<std::string>& values) {
    grpc::ClientContext context;
    for (const std::string& value : values) context.AddMetadata("authorization", value);
    return List(&context).error_code();
  };
  const std::string good = kAlice;
  EXPECT_EQ(with({"bearer " + good}), grpc::StatusCode::OK);
  EXPECT_EQ(with({"BEARER  " + good}), grpc::StatusCode::OK);
  EXPECT_EQ(with({good}), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(with({"Basic " + good}), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(with({"Bearer"}), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(with({"Bearer " + good, "Bearer " + good}), grpc::StatusCode::OK);
  EXPECT_EQ(with({"Bearer " + good, "Bearer " + std::string(kBob)}),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AuthenticationTest, ATokenHasItsStreamsAndNoMore) {
  grpc::ClientContext first_context, second_context, other_context, third_context;
  const auto first = OpenStream(&first_context, kAlice);
  ASSERT_TRUE(Started(first.get()));
  Outcome refused;
  ReadAll(OpenStream(&second_context, kAlice).get(), &refused);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.status.error_message(), HasSubstr("'alice'"));
  EXPECT_FALSE(refused.status.error_details().empty()) << "when to try again";
  EXPECT_EQ(fake().opened, 1);
  const auto other = OpenStream(&other_context, kBob);
  EXPECT_TRUE(Started(other.get()));
  first_context.TryCancel();
  other_context.TryCancel();
  EXPECT_TRUE(EverythingFreed());
  const auto third = OpenStream(&third_context, kAlice);
  EXPECT_TRUE(Started(third.get()));
  third_context.TryCancel();
}

TEST_F(AuthenticationTest, TheFileIsReadAgainWhenItChanges) {
  WriteTokens(TokenLine("carol", "the-token-of-carol", 0) + "\n");
  EXPECT_TRUE(Eventually([&] { return List("the-token-of-carol").ok(); }));
  EXPECT_EQ(List(kAlice).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AuthenticationTest, ABrokenFileChangesNothing) {
  ConfigureLog(static_cast<LogLevel>(99), LogFormat::kText);
  WriteTokens("carol\n");
  server().ReloadTokens();
  EXPECT_TRUE(List(kAlice).ok());
  std::filesystem::remove(tokens_);
  server().ReloadTokens();
  EXPECT_TRUE(List(kAlice).ok());
  WriteTokens("# nobody\n");
  server().ReloadTokens();
  EXPECT_EQ(List(kAlice).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(AuthenticationTest, AServerDoesNotStartWithoutItsFile) {
  ServerOptions options = FewThreads();
  options.token_file = folder_ / "missing";
  std::vector<ServedModel> models(1);
  models[0].engine = *Engine::Create(
      std::make_unique<FakeRecognizer>(std::make_shared<FakeControl>()), ToEngineOptions(options));
  const auto server = Server::Start(options, std::move(models));
  EXPECT_THAT(std::string(server.status().message()), HasSubstr(options.token_file));
}

}  // namespace
}  // namespace rill::server
