#include "server/session/session_registry.h"

#include <algorithm>
#include <utility>

#include "server/session/session.h"

namespace rill::server {

using Clock = std::chrono::steady_clock;

SessionRegistry::SessionRegistry(Duration idle_timeout) : idle_timeout_(idle_timeout) {
  if (idle_timeout_ > Duration::zero()) idle_thread_ = std::thread([this] { Run(); });
}

SessionRegistry::~SessionRegistry() { Stop(); }

void SessionRegistry::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (idle_thread_.joinable()) idle_thread_.join();
}

absl::Status SessionRegistry::Accepting() const {
  std::lock_guard lock(mutex_);
  return accepting_;
}

absl::Status SessionRegistry::Add(uint64_t key, std::weak_ptr<Session> session) {
  std::lock_guard lock(mutex_);
  if (!accepting_.ok()) return accepting_;
  sessions_.emplace(key, std::move(session));
  if (sessions_.size() == 1) changed_.notify_all();
  return absl::OkStatus();
}

void SessionRegistry::Remove(uint64_t key) {
  std::lock_guard lock(mutex_);
  sessions_.erase(key);
  if (sessions_.empty()) changed_.notify_all();
}

int SessionRegistry::size() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(sessions_.size());
}

void SessionRegistry::SetAccepting(const absl::Status& status) {
  std::lock_guard lock(mutex_);
  accepting_ = status;
}

bool SessionRegistry::WaitUntilEmpty(Duration timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return sessions_.empty(); });
}

void SessionRegistry::MoveAll(const absl::Status& status) {
  for (const auto& session : Sessions()) session->Move(status);
}

void SessionRegistry::CloseAll(const absl::Status& status) {
  for (const auto& session : Sessions()) {
    if (session->options().checkpoint_ms > 0) {
      session->Abort(status);
    } else {
      session->Close(status);
    }
  }
}

std::vector<std::shared_ptr<Session>> SessionRegistry::Sessions() const {
  std::vector<std::shared_ptr<Session>> sessions;
  std::lock_guard lock(mutex_);
  for (const auto& [key, weak] : sessions_) {
    if (auto session = weak.lock()) sessions.push_back(std::move(session));
  }
  return sessions;
}

void SessionRegistry::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (sessions_.empty()) {
      changed_.wait(lock);
      continue;
    }
    lock.unlock();
    // A session that comes later cannot fall due before these.
    auto next = Clock::now() + idle_timeout_;
    for (const auto& session : Sessions()) {
      next = std::min(next, session->CloseIfIdle(Clock::now(), idle_timeout_));
    }
    lock.lock();
    changed_.wait_until(lock, next, [this] { return stopping_; });
  }
}

}  // namespace rill::server
