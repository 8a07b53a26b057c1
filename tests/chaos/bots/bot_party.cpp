// The parties of a bot.
#include <algorithm>

#include "tests/chaos/bots/bot.h"

namespace mm::chaos {
namespace {

Fields read_party_answer(const HttpAnswer& answer) {
  const auto party = read_as<Party>(answer);
  if (!party) return malformed();
  std::vector<PlayerId> members;
  for (const auto& member : party->members) members.push_back(member.player_id);
  return Fields()
      .add("party", party->party_id)
      .add("version", party->version)
      .add("members", members)
      .add("leader", party->leader_id)
      .add("party_state", party->status);
}

std::string path_of(const Party& party, const std::string& rest) {
  return "/v1/party/" + party.party_id.to_string() + rest;
}

}  // namespace

const PartyMember* Bot::self_in_party() const {
  if (!party_) return nullptr;
  const auto& members = party_->members;
  const auto self = std::find_if(members.begin(), members.end(),
                                 [this](const PartyMember& member) { return member.player_id.to_string() == player_; });
  return self == members.end() ? nullptr : &*self;
}

std::string Bot::other_member() {
  std::vector<std::string> others;
  for (const auto& member : party_->members) {
    auto id = member.player_id.to_string();
    if (id != player_) others.push_back(std::move(id));
  }
  return others.empty() ? std::string() : world_.random.of(others);
}

void Bot::add_party_actions(Choice& choice) {
  if (!party_) {
    if (ticket_ || match_) return;
    choice.add(10, [this] { create_party(); });
    choice.add(2, [this] { join_any(); });
    if (!invitations_.empty()) {
      choice.add(80, [this] {
        const auto party = invitations_.back();
        invitations_.pop_back();
        join(party);
      });
    }
    return;
  }
  choice.add(ticket_ || match_ ? 0.7 : 1.5, [this] { leave_party(); });
  const auto* self = self_in_party();
  if (!ticket_ && !match_ && self != nullptr) {
    const bool ready = self->ready;
    choice.add(ready ? 1 : 50, [this, ready] { set_ready(!ready); });
  }
  if (leads()) add_leader_actions(choice);
}

void Bot::add_leader_actions(Choice& choice) {
  if (party_->members.size() > 1) {
    choice.add(0.7, [this] { kick(); });
    choice.add(1, [this] { promote(); });
  }
  if (ticket_ || match_) return;
  if (party_->members.size() < wanted_size_) choice.add(40, [this] { invite(); });
  const auto& members = party_->members;
  const bool all_ready =
      std::all_of(members.begin(), members.end(), [](const PartyMember& member) { return member.ready; });
  const bool complete = members.size() >= wanted_size_;
  if (all_ready) choice.add(complete ? 80 : 10, [this] { queue_party(); });
}

void Bot::create_party() {
  wanted_size_ = 2 + world_.random.below(3);
  const bool is_public = world_.random.chance(0.7);
  auto operation = writing("party_create", "POST", "/v1/party",
                           Fields().add("max_size", static_cast<int>(wanted_size_)).add("is_public", is_public));
  operation.fields.add("max_size", static_cast<int>(wanted_size_));
  operation.read = read_party_answer;
  if (world_.random.chance(0.05)) operation.copies = 3;
  start(std::move(operation), [this](const Outcome& outcome) { take_party(outcome); });
}

void Bot::invite() {
  const Bot* other = nullptr;
  for (int tries = 0; tries < 20 && other == nullptr; ++tries) {
    const auto& candidate = world_.random.of(world_.bots);
    if (candidate.get() != this && candidate->is_free()) other = candidate.get();
  }
  if (other == nullptr) return read_party();
  auto operation =
      writing("party_invite", "POST", path_of(*party_, "/invite"), Fields().add("player_id", other->player()));
  operation.fields.add("party", party_->party_id).add("target", other->player());
  operation.read = read_party_answer;
  start(std::move(operation), [this](const Outcome& outcome) { take_party(outcome); });
}

void Bot::join(const std::string& party) {
  auto operation = writing("party_join", "POST", "/v1/party/" + party + "/join");
  operation.fields.add("party", party);
  operation.read = read_party_answer;
  start(std::move(operation), [this](const Outcome& outcome) { take_party(outcome); });
}

// Without an invitation: refused if the party is private, full, queued or in a match.
void Bot::join_any() {
  for (int tries = 0; tries < 20; ++tries) {
    const auto& candidate = world_.random.of(world_.bots);
    if (candidate->party()) return join(candidate->party()->party_id.to_string());
  }
  read_active();
}

void Bot::leave_party() {
  auto operation = writing("party_leave", "DELETE", path_of(*party_, "/leave"));
  operation.fields.add("party", party_->party_id);
  start(std::move(operation), [this](const Outcome& outcome) {
    if (outcome.ok() || outcome.answer.status == 404 || outcome.code == "not_member") party_.reset();
  });
}

void Bot::kick() {
  const auto target = other_member();
  auto operation = writing("party_kick", "POST", path_of(*party_, "/kick"), Fields().add("player_id", target));
  operation.fields.add("party", party_->party_id).add("target", target);
  operation.read = read_party_answer;
  start(std::move(operation), [this](const Outcome& outcome) { take_party(outcome); });
}

void Bot::promote() {
  const auto target = other_member();
  auto operation = writing("party_promote", "POST", path_of(*party_, "/promote"), Fields().add("player_id", target));
  operation.fields.add("party", party_->party_id).add("target", target);
  operation.read = read_party_answer;
  start(std::move(operation), [this](const Outcome& outcome) { take_party(outcome); });
}

void Bot::set_ready(bool ready) {
  auto operation = writing("party_ready", "POST", path_of(*party_, "/ready"), Fields().add("ready", ready));
  operation.fields.add("party", party_->party_id).add("ready", ready);
  operation.read = [](const HttpAnswer& answer) {
    const auto state = read_as<ReadyState>(answer);
    if (!state) return malformed();
    return Fields()
        .add("party", state->party_id)
        .add("ready_count", state->ready_count)
        .add("total", state->total_count);
  };
  start(std::move(operation), [this, ready](const Outcome& outcome) {
    if (outcome.answer.status == 404 || outcome.code == "not_member") return party_.reset();
    if (!outcome.ok() || !party_) return;
    for (auto& member : party_->members) {
      if (member.player_id.to_string() == player_) member.ready = ready;
    }
  });
}

void Bot::disturb_party() {
  if (busy_ || !login_ || !party_ || world_.draining) return;
  acting_ = true;
  world_.random.chance(0.5) ? leave_party() : set_ready(false);
  acting_ = false;
}

void Bot::read_party() {
  auto operation = reading("party_get", path_of(*party_, ""));
  operation.fields.add("party", party_->party_id);
  operation.read = read_party_answer;
  start(std::move(operation), [this](const Outcome& outcome) { take_party(outcome); });
}

void Bot::take_party(const Outcome& outcome) {
  if (outcome.ok()) {
    auto party = read_as<Party>(outcome.answer);
    if (!party) return;
    const bool older = party_ && party_->party_id == party->party_id && party_->version > party->version;
    if (!older) party_ = std::move(party);
    if (party_ && self_in_party() == nullptr) party_.reset();
  } else if (outcome.answer.status != 429) {
    doubtful_ = true;
  }
}

}  // namespace mm::chaos
