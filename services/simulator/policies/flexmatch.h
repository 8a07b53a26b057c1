// The policy of Amazon GameLift FlexMatch: builds matches around the oldest ticket, with rules that relax in steps.
//
// Source: "Customize the match algorithm", "Allow requirements to relax over time" and "FlexMatch rule set property
// definitions" in the Amazon GameLift FlexMatch developer guide
// (docs.aws.amazon.com/gamelift/latest/flexmatchguide/match-rulesets-components-algorithm.html and its neighbours).
// Tickets are put into batches at random, sorted by age within each batch. Around the oldest ticket, a match is built
// of other tickets that satisfy the rules (strategy exhaustiveSearch). Rules relax by the age of the newest ticket in
// the match (the default), or of the oldest one. Here the rule is a rating distance, with the mode's window in eight
// steps.
//
// What the guide leaves open is chosen in FlexMatch's favour: batches are tried at every tick, each ticket becomes the
// anchor in turn, from the oldest on, batches hold 200 tickets, and teams are dealt out evenly.
#pragma once

#include "services/simulator/crowd/random.h"
#include "services/simulator/policies/queue.h"

namespace mm::simulator {

class FlexMatch : public Policy {
 public:
  enum class ExpandBy { newest, oldest };

  FlexMatch(const Terms& terms, ExpandBy expand_by);

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override { return due_; }

 private:
  static constexpr std::size_t kBatch = 200;
  using Tickets = std::vector<const WaitingTicket*>;

  std::vector<Tickets> batches();
  bool build(const Tickets& batch, std::size_t anchor, matching::BucketMs now, TeamsOfTickets& teams) const;
  double distance_after(matching::BucketMs waited_ms) const;
  matching::BucketMs next_step(matching::BucketMs now) const;

  const Terms& terms_;
  ExpandBy expand_by_;
  matching::BucketMs step_ms_;
  double step_points_;
  double max_points_;
  Random chance_;
  Queue queue_;
  matching::BucketMs due_ = kNever;
};

}  // namespace mm::simulator
