// I30: parties. A party is one register whose versions rise by one per change, so its history is linearizable if each
// version has one content, neighbouring versions differ by one change, and no answer is older than one that had been
// complete before its request began. This takes O(n log n).
#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/limits.h"
#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

/// A party as an answer showed it.
struct Sight {
  const Call* call = nullptr;
  std::vector<Symbol> members;  ///< sorted
  std::int64_t begin_us = 0;    ///< of the first attempt: a repetition may get the stored answer

  bool has(Symbol player) const { return std::binary_search(members.begin(), members.end(), player); }
};

struct PartyStory {
  std::vector<Sight> calls;             ///< answers with a version, in order of begin_us
  std::vector<Sight> sights;            ///< those of them that show the members
  std::int64_t last_ms = 0;             ///< wall time of the last answer
  std::vector<const Call*> departures;  ///< acknowledged leaves and kicks
  std::vector<const Call*> joins;       ///< that may have happened
};

std::map<Symbol, PartyStory> stories_of(const Run& run) {
  std::map<Symbol, PartyStory> stories;
  for (const auto& call : run.calls) {
    if (!call.party) continue;
    const bool departs = call.op == Op::party_leave || call.op == Op::party_kick;
    if (departs && call.ok()) stories[call.party].departures.push_back(&call);
    if (call.op == Op::party_join && call.may_have_happened()) stories[call.party].joins.push_back(&call);
    const bool of_party = (call.op >= Op::party_create && call.op <= Op::party_get) || call.op == Op::active;
    if (!of_party || !call.ok() || call.version < 0) continue;
    const auto first = run.first_attempt.find(call.key);
    Sight sight{&call, call.members, first == run.first_attempt.end() ? call.begin.us : first->second.us};
    std::sort(sight.members.begin(), sight.members.end());
    auto& story = stories[call.party];
    story.last_ms = std::max(story.last_ms, call.end.wall_ms);
    story.calls.push_back(sight);
    if (!sight.members.empty()) story.sights.push_back(std::move(sight));
  }
  for (auto& [party, story] : stories) {
    for (auto* list : {&story.calls, &story.sights}) {
      std::stable_sort(list->begin(), list->end(),
                       [](const Sight& a, const Sight& b) { return a.begin_us < b.begin_us; });
    }
  }
  return stories;
}

std::vector<Where> lines_of(const Call& first, const Call& second) {
  return {first.begin_at, first.end_at, second.begin_at, second.end_at};
}

void check_content(const Run& run, const Sight& sight, Verdict& verdict) {
  const auto& call = *sight.call;
  const auto about = named(run, "party", call.party);
  const std::vector<Where> lines{call.begin_at, call.end_at};
  const bool unique = std::adjacent_find(sight.members.begin(), sight.members.end()) == sight.members.end();
  if (!unique) verdict.add(about + " has a member twice.", lines);
  if (static_cast<int>(sight.members.size()) > limits::kMaxPartySize)
    verdict.add(about + " has too many members.", lines);
  if (call.leader && !sight.has(call.leader)) verdict.add(about + " is led by a player who is not a member.", lines);
  const bool entered = call.op == Op::party_create || call.op == Op::party_join;
  if (entered && !sight.has(call.player)) verdict.add(about + " was entered by a player who is not a member.", lines);
  if (call.op == Op::party_kick && sight.has(call.target)) verdict.add(about + " still has a kicked member.", lines);
  if (call.op == Op::party_promote && call.leader && call.target && call.leader != call.target) {
    verdict.add(about + " is not led by the promoted member.", lines);
  }
}

/// Each version has one content, and neighbouring versions differ by at most one member.
void check_versions(const Run& run, const PartyStory& story, Verdict& verdict) {
  std::map<std::int64_t, const Sight*> versions;
  for (const auto& sight : story.sights) {
    const auto [place, fresh] = versions.try_emplace(sight.call->version, &sight);
    const auto& first = *place->second;
    const bool same_leader = !sight.call->leader || !first.call->leader || sight.call->leader == first.call->leader;
    if (fresh || (first.members == sight.members && same_leader)) continue;
    verdict.add("version " + std::to_string(sight.call->version) + " of " + named(run, "party", sight.call->party) +
                    " has two contents.",
                lines_of(*first.call, *sight.call));
  }
  for (auto version = versions.begin(); version != versions.end(); ++version) {
    const auto next = std::next(version);
    if (next == versions.end() || next->first != version->first + 1) continue;
    std::vector<Symbol> changed;
    std::set_symmetric_difference(version->second->members.begin(), version->second->members.end(),
                                  next->second->members.begin(), next->second->members.end(),
                                  std::back_inserter(changed));
    if (changed.size() <= 1) continue;
    verdict.add(named(run, "party", version->second->call->party) + " changed by " + std::to_string(changed.size()) +
                    " members in one version.",
                lines_of(*version->second->call, *next->second->call));
  }
}

/// No answer is older than one that was complete before its request began.
void check_monotone(const Run& run, const PartyStory& story, Verdict& verdict) {
  std::vector<const Call*> by_end;
  for (const auto& sight : story.calls) by_end.push_back(sight.call);
  std::sort(by_end.begin(), by_end.end(), [](const Call* a, const Call* b) { return a->end.us < b->end.us; });
  std::size_t ended = 0;
  const Call* newest = nullptr;
  for (const auto& sight : story.calls) {
    for (; ended < by_end.size() && by_end[ended]->end.us < sight.begin_us; ++ended) {
      if (newest == nullptr || by_end[ended]->version > newest->version) newest = by_end[ended];
    }
    if (newest == nullptr || sight.call->version >= newest->version) continue;
    return verdict.add(named(run, "party", sight.call->party) + " was shown at version " +
                           std::to_string(sight.call->version) + " after version " + std::to_string(newest->version) +
                           ".",
                       lines_of(*newest, *sight.call));
  }
}

/// A member who has left is not shown again, unless a later join may have happened.
void check_departures(const Run& run, const PartyStory& story, Verdict& verdict) {
  std::unordered_map<Symbol, std::int64_t> last_join;
  for (const auto* join : story.joins) {
    auto& last = last_join[join->player];
    last = std::max(last, join->end.us);
  }
  std::unordered_map<Symbol, const Sight*> last_sight;
  for (const auto& sight : story.sights) {
    for (const auto member : sight.members) last_sight[member] = &sight;
  }
  for (const auto* departure : story.departures) {
    const auto player = departure->op == Op::party_kick ? departure->target : departure->player;
    const auto join = last_join.find(player);
    const auto sight = last_sight.find(player);
    if (join != last_join.end() && join->second >= departure->begin.us) continue;
    if (sight == last_sight.end() || sight->second->begin_us <= departure->end.us) continue;
    verdict.add(named(run, "player", player) + " is shown in " + named(run, "party", departure->party) +
                    " after an acknowledged departure.",
                lines_of(*departure, *sight->second->call));
  }
}

void check_stored(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, const MemberEntry*> entries;
  for (const auto& entry : run.members) entries.emplace(entry.player, &entry);
  std::unordered_map<Symbol, const PartyKey*> parties;
  for (const auto& party : run.parties) {
    ++verdict.checked;
    parties.emplace(party.party, &party);
    const auto about = named(run, "party", party.party);
    const auto size = static_cast<int>(party.members.size());
    if (party.max_size > 0 && size > party.max_size)
      verdict.add(about + " has more members than it may have.", {party.at});
    if (std::find(party.members.begin(), party.members.end(), party.leader) == party.members.end()) {
      verdict.add(about + " is stored with a leader who is not a member.", {party.at});
    }
    for (const auto member : party.members) {
      const auto entry = entries.find(member);
      if (entry != entries.end() && entry->second->party == party.party) continue;
      std::vector<Where> lines{party.at};
      if (entry != entries.end()) lines.push_back(entry->second->at);
      verdict.add(about + " is stored with " + named(run, "player", member) + ", who is not in it.", lines);
    }
  }
  for (const auto& entry : run.members) {
    const auto party = parties.find(entry.party);
    const bool listed = party != parties.end() &&
                        std::find(party->second->members.begin(), party->second->members.end(), entry.player) !=
                            party->second->members.end();
    if (listed) continue;
    verdict.add(named(run, "player", entry.player) + " is stored as a member of " + named(run, "party", entry.party) +
                    ", which does not list the player.",
                {entry.at});
  }
}

}  // namespace

Verdict check_parties(const Run& run) {
  Verdict verdict;
  verdict.things = "parties and their answers";
  for (const auto& [party, story] : stories_of(run)) {
    for (const auto& sight : story.sights) check_content(run, sight, verdict);
    verdict.checked += story.sights.size();
    if (story.calls.empty()) continue;
    // An older queue has older versions.
    const auto from = story.calls.front().call->begin.wall_ms;
    if (run.timeline.any_between(from, story.last_ms, kQueueLost)) continue;
    check_versions(run, story, verdict);
    check_monotone(run, story, verdict);
    check_departures(run, story, verdict);
  }
  if (run.has("redis.queue")) check_stored(run, verdict);
  if (verdict.checked == 0) verdict.not_checked = "the run has no party";
  return verdict;
}

}  // namespace mm::chaos
