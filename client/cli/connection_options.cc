#include "client/cli/connection_options.h"

#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rill::client {
namespace {

constexpr char kGroup[] = "Connection (before or after the command)";

}  // namespace

void ConnectionOptions::AddTo(CLI::App* app) {
  app->add_option("-s,--server", connection.server, "Where the server is")
      ->envname("RILL_SERVER")
      ->type_name("HOST:PORT")
      ->capture_default_str()
      ->group(kGroup)
      ->check(IsServerAddress());
  app->add_flag("--tls", connection.tls, "Encrypt; the files below imply it")->group(kGroup);
  const auto add_file = [&](const char* flag, std::string* path, const char* what) {
    app->add_option(flag, *path, what)
        ->type_name("FILE")
        ->group(kGroup)
        ->check(CLI::Validator(CLI::ExistingFile).description(""));
  };
  add_file("--ca-file", &connection.ca_file,
           "Who may have signed the server's certificate (PEM); else those the system trusts");
  add_file("--cert-file", &connection.cert_file,
           "A certificate of one's own (PEM), for a server that wants one");
  add_file("--key-file", &connection.key_file, "Its key");
  add_file("--token-file", &token_file,
           "A file that holds the bearer token, and wins over --token");
  app->add_option("--token", connection.token,
                  "The bearer token; others can see it here, better in the environment or a file")
      ->envname("RILL_TOKEN")
      ->type_name("TOKEN")
      ->group(kGroup);
  app->add_flag("--insecure-token", connection.insecure_token,
                "Send the token in plain text, to other machines too")
      ->group(kGroup);
}

absl::Status ConnectionOptions::Finish() {
  if (token_file.empty()) return absl::OkStatus();
  std::ifstream file(token_file);
  std::string line;
  std::getline(file, line);
  connection.token = std::string(absl::StripAsciiWhitespace(line));
  if (!connection.token.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--token-file ", token_file, ": its first line is no token"));
}

CLI::Validator IsServerAddress() {
  return CLI::Validator(
      [](std::string& text) {
        const absl::Status status = ValidateServerAddress(text);
        return status.ok() ? std::string() : std::string(status.message());
      },
      "");
}

std::string ConnectionHelp(const CLI::App& app) {
  const auto ours = [](const CLI::Option* option) { return option->get_group() == kGroup; };
  return dynamic_cast<const CLI::Formatter&>(*app.get_formatter())
      .make_group(kGroup, false, app.get_options(ours));
}

}  // namespace rill::client
