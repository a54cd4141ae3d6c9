#include "server/security/access.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/log.h"

namespace rill::server {
namespace {

constexpr auto kLookInterval = std::chrono::seconds(1);
constexpr char kAdvice[] = "; send the metadata `authorization: Bearer TOKEN` (rill --token-file)";

absl::Status Unauthenticated(const char* problem) {
  return absl::UnauthenticatedError(std::string("token: ") + problem + kAdvice);
}

// Empty: the client showed no certificate.
std::string CertificateName(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return "";
  const std::vector<grpc::string_ref> names = auth->GetPeerIdentity();
  return names.empty() ? "" : std::string(names.front().data(), names.front().size());
}

}  // namespace

bool Access::Stamp::operator==(const Stamp& other) const {
  return inode == other.inode && size == other.size && changed.tv_sec == other.changed.tv_sec &&
         changed.tv_nsec == other.changed.tv_nsec;
}

absl::StatusOr<std::unique_ptr<Access>> Access::FromFile(const std::string& path) {
  auto access = std::make_unique<Access>();
  access->path_ = path;
  access->stamp_ = access->Look();
  access->looked_ = Clock::now();
  auto table = TokenTable::Read(path);
  if (!table.ok()) return table.status();
  access->table_ = std::make_shared<const TokenTable>(*std::move(table));
  return access;
}

absl::StatusOr<Caller> Access::Check(const grpc::ServerContextBase& context) {
  if (path_.empty()) return Caller{CertificateName(context), 0};
  const auto [begin, end] = context.client_metadata().equal_range("authorization");
  if (begin == end) return Unauthenticated("none was sent");
  // Some clients send theirs twice: as credentials of the channel and with the call.
  const auto differs = [first = begin->second](const auto& entry) { return entry.second != first; };
  if (std::any_of(std::next(begin), end, differs)) return Unauthenticated("several were sent");
  absl::string_view value(begin->second.data(), begin->second.size());
  constexpr absl::string_view kScheme = "Bearer ";
  if (!absl::StartsWithIgnoreCase(value, kScheme)) return Unauthenticated("not a bearer token");
  value.remove_prefix(kScheme.size());
  return Owner(absl::StripAsciiWhitespace(value));
}

absl::StatusOr<Caller> Access::Owner(absl::string_view token) {
  ReloadIfChanged();
  std::shared_ptr<const TokenTable> table;
  {
    std::lock_guard lock(mutex_);
    table = table_;
  }
  const TokenOwner* owner = table->Find(token);
  if (!owner) return Unauthenticated("this server does not know it");
  return *owner;
}

void Access::Reload() {
  if (path_.empty()) return;
  std::lock_guard lock(mutex_);
  Load(Look());
}

void Access::ReloadIfChanged() {
  std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (now - looked_ < kLookInterval) return;
  looked_ = now;
  if (const Stamp stamp = Look(); !(stamp == stamp_)) Load(stamp);
}

void Access::Load(const Stamp& stamp) {
  stamp_ = stamp;
  auto table = TokenTable::Read(path_);
  if (!table.ok()) {
    Log(LogLevel::kError, "tokens_not_reloaded",
        {{"error", std::string(table.status().message())}});
    return;
  }
  table_ = std::make_shared<const TokenTable>(*std::move(table));
  Log(LogLevel::kInfo, "tokens_reloaded", {{"tokens", static_cast<int64_t>(table_->size())}});
}

Access::Stamp Access::Look() const {
  struct stat file {};
  if (stat(path_.c_str(), &file) != 0) return {};
  return {file.st_ino, file.st_size, file.st_mtim};
}

}  // namespace rill::server
