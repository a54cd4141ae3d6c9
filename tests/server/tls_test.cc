// TLS at the server's door, with certificates that come and go while it runs.
#include "server/security/tls.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>

#include <ctime>
#include <fstream>

#include "tests/server/server_fixture.h"
#include "tests/server/test_certificates.h"
#include "tests/temporary_folder.h"

namespace rill::server {
namespace {

using testing::HasSubstr;

class TlsTest : public ServerFixture {
 protected:
  TlsTest() : files_{folder_ / "cert.pem", folder_ / "key.pem", ""} {
    gpr_set_log_function([](gpr_log_func_args*) {});  // of handshakes that are meant to fail
    Install(authority_);
  }

  void Install(const TestAuthority& authority) {
    const auto pair = authority.Issue("server");
    ReplaceFile(files_.cert, pair.cert);
    ReplaceFile(files_.key, pair.key);
  }

  ServerOptions Options() const {
    ServerOptions options = FewThreads();
    options.tls = files_;
    return options;
  }

  // Lists the models over a new connection.
  grpc::Status Call(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto stub = v1::SpeechRecognition::NewStub(
        grpc::CreateCustomChannel(address(), credentials, arguments));
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    return stub->ListModels(&context, {}, &response);
  }

  static std::shared_ptr<grpc::ChannelCredentials> Trusting(const TestAuthority& authority,
                                                            const TestAuthority::Pair& own = {}) {
    return grpc::SslCredentials({authority.cert(), own.key, own.cert});
  }

  TemporaryFolder folder_;
  const TestAuthority authority_{"first authority"};
  TlsFiles files_;
};

TEST_F(TlsTest, OnlyEncryptedCallsGetThrough) {
  Start(Options());
  EXPECT_TRUE(Call(Trusting(authority_)).ok());
  EXPECT_EQ(Call(grpc::InsecureChannelCredentials()).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call(Trusting(TestAuthority("another"))).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, AUnixSocketStaysPlain) {
  ServerOptions options = Options();
  options.listen.push_back("unix:" + (folder_ / "socket"));
  Start(options);
  EXPECT_TRUE(Call(Trusting(authority_)).ok());
  const auto stub = v1::SpeechRecognition::NewStub(
      grpc::CreateChannel(options.listen[1], grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  EXPECT_TRUE(stub->ListModels(&context, {}, &response).ok());
}

TEST_F(TlsTest, NewCertificatesAreTakenWithoutARestart) {
  Start(Options());
  ASSERT_TRUE(Call(Trusting(authority_)).ok());
  const TestAuthority next("next authority");
  Install(next);
  EXPECT_TRUE(Eventually([&] { return Call(Trusting(next)).ok(); }));
  EXPECT_FALSE(Call(Trusting(authority_)).ok());
}

TEST_F(TlsTest, MutualTlsAsksForACertificate) {
  const TestAuthority clients("clients"), strangers("strangers");
  files_.client_ca = folder_ / "clients.pem";
  ReplaceFile(files_.client_ca, clients.cert());
  Start(Options());
  EXPECT_TRUE(Call(Trusting(authority_, clients.Issue("alice"))).ok());
  EXPECT_FALSE(Call(Trusting(authority_)).ok());
  EXPECT_FALSE(Call(Trusting(authority_, strangers.Issue("alice"))).ok());
  EXPECT_FALSE(Call(Trusting(authority_, clients.Issue("old", /*days=*/0))).ok()) << "expired";
  ReplaceFile(files_.client_ca, strangers.cert());
  EXPECT_TRUE(
      Eventually([&] { return Call(Trusting(authority_, strangers.Issue("alice"))).ok(); }));
  EXPECT_FALSE(Call(Trusting(authority_, clients.Issue("alice"))).ok());
}

TEST_F(TlsTest, FilesThatDoNotFitAreNamed) {
  EXPECT_TRUE(CheckTlsFiles(files_).ok());
  EXPECT_TRUE(CheckTlsFiles({}).ok());
  const std::string garbage = folder_ / "garbage.pem", other_key = folder_ / "other.key";
  std::ofstream(garbage) << "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n";
  std::ofstream(other_key) << authority_.Issue("other").key;
  const struct {
    TlsFiles files;
    std::string part;
  } cases[] = {
      {{files_.cert, "", ""}, "--key-file: missing"},
      {{"", files_.key, ""}, "--cert-file: missing"},
      {{"", "", files_.cert}, "--cert-file: missing"},
      {{folder_ / "none", files_.key, ""}, folder_ / "none"},
      {{files_.cert, folder_ / "none", ""}, "--key-file " + (folder_ / "none")},
      {{garbage, files_.key, ""}, "--cert-file " + garbage},
      {{files_.key, files_.key, ""}, "--cert-file " + files_.key},
      {{files_.cert, files_.cert, ""}, "--key-file " + files_.cert},
      {{files_.cert, other_key, ""}, "is not the key of the certificate"},
      {{files_.cert, files_.key, garbage}, "--client-ca-file " + garbage},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(std::string(CheckTlsFiles(c.files).message()), HasSubstr(c.part));
  }
}

TEST_F(TlsTest, KnowsWhenACertificateEnds) {
  ReplaceFile(files_.cert, authority_.Issue("server", /*days=*/10).cert);
  const auto end = CertificateExpiry(files_.cert);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_NEAR(static_cast<double>(*end - std::time(nullptr)), 10 * 86400, 600);
  EXPECT_FALSE(CertificateExpiry(files_.key).ok());
}

TEST_F(TlsTest, PlainTextStaysOnThisMachineUnlessAskedFor) {
  ServerOptions options = FewThreads();
  EXPECT_TRUE(CheckListening(options).ok());
  options.listen = {"127.0.0.1:0", "0.0.0.0:0"};
  const auto status = CheckListening(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--listen 0.0.0.0:0"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--insecure-listen"));
  options.insecure_listen = true;
  EXPECT_TRUE(CheckListening(options).ok());
  options.insecure_listen = false;
  options.tls = files_;
  EXPECT_TRUE(CheckListening(options).ok());
}

}  // namespace
}  // namespace rill::server
