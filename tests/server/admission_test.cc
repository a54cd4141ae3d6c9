#include "server/engine/admission.h"

#include <gmock/gmock.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace rill::server {
namespace {

TEST(AdmissionTest, RefusesTheOneTooMany) {
  Admission admission(1, 2);
  auto first = admission.Admit();
  auto second = admission.Admit();
  ASSERT_TRUE(first.ok() && second.ok());
  const auto third = admission.Admit();
  EXPECT_EQ(third.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(third.status().message()), testing::HasSubstr("2 streams"));
  { Admission::Ticket gone = *std::move(second); }
  EXPECT_EQ(admission.open(), 1);
  EXPECT_TRUE(admission.Admit().ok());
}

TEST(AdmissionTest, ATicketMovedFromGivesNothingBack) {
  Admission admission(1, 2);
  auto ticket = admission.Admit();
  Admission::Ticket moved = *std::move(ticket);
  ticket = absl::CancelledError();
  EXPECT_EQ(admission.open(), 1);
}

// No worker ever has more than its share, so each needs that many slots and no more.
TEST(AdmissionTest, KeepsWorkersLevelInAnyOrderOfComingAndGoing) {
  constexpr int kWorkers = 3, kMax = 10, kShare = 4;
  Admission admission(kWorkers, kMax);
  std::mt19937 random(3);
  std::vector<std::optional<Admission::Ticket>> tickets;
  std::map<int, int> count;
  for (int i = 0; i < 5000; ++i) {
    if (random() % 2 == 0) {
      auto ticket = admission.Admit();
      ASSERT_EQ(ticket.ok(), tickets.size() < kMax);
      if (!ticket.ok()) continue;
      ASSERT_LE(++count[ticket->worker()], kShare);
      tickets.emplace_back(*std::move(ticket));
    } else if (!tickets.empty()) {
      auto& any = tickets[random() % tickets.size()];
      --count[any->worker()];
      std::vector<std::optional<Admission::Ticket>> kept;
      for (auto& ticket : tickets) {
        if (&ticket != &any) kept.emplace_back(std::move(*ticket));
      }
      tickets.swap(kept);
    }
    ASSERT_EQ(admission.open(), static_cast<int>(tickets.size()));
  }
}

}  // namespace
}  // namespace rill::server
