// Changes a party: reads it, applies a rule (core/party.h), and writes the result if the version of the party is still
// the same; otherwise starts again. Also notifies the members of a change. Thread-safe.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "services/lobby/metrics.h"
#include "services/lobby/party_notifier.h"
#include "services/lobby/store.h"

namespace mm::lobby {

/// The party to change. `caller`: the player whose own party is read with it.
struct PartyRef {
  Tenant tenant;
  PartyId party;
  std::optional<PlayerId> caller;
  Deadline deadline;
};

struct Applied {
  StoredParty before;
  PartyState after;
  bool changed() const { return after.party.version != before.state.party.version; }
};

class PartyChanges {
 public:
  /// More than the changes that ten members can make during one attempt, unless there is a bug or an attack.
  static constexpr int kMaxAttempts = 24;

  PartyChanges(PartyStore& store, Metrics& metrics) : store_(store), metrics_(metrics) {}

  /// `decide(lookup)` returns the changed party or a refusal. `write(applied)` commits it and may correct `after`.
  template <class Decide, class Write>
  Reply<Applied> apply(const PartyRef& ref, Decide decide, Write write) {
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
      auto found = store_.find(ref.tenant, ref.party, ref.caller, ref.deadline);
      if (!found) return fail(std::move(found).error());
      if (!found->party) return no_such_party();
      Reply<PartyState> after = decide(std::as_const(*found));
      if (!after) return fail(std::move(after).error());
      Applied applied{std::move(*found->party), std::move(*after)};
      if (!applied.changed()) return applied;
      const Reply<Commit> commit = write(applied);
      if (!commit) return fail(commit.error());
      if (*commit == Commit::done) return applied;
      metrics_.conflicts.add();
    }
    return refuse(Code::party_changed, "the party is being changed too often at the moment");
  }

  /// For changes without a member who joins or leaves.
  template <class Decide>
  Reply<Applied> change(const PartyRef& ref, Decide decide) {
    return apply(
        ref, [&](const PartyLookup& found) -> Reply<PartyState> { return decide(*found.party); },
        [&](const Applied& applied) {
          return store_.change(ref.tenant, applied.before, applied.after, std::nullopt, ref.deadline);
        });
  }

 private:
  PartyStore& store_;
  Metrics& metrics_;
};

std::vector<PlayerId> members_of(const Party& party);

/// Sends the whole party to its members, and publishes party.updated.
void notify_changed(PartyNotifier& notifier, const Tenant& tenant, const Party& party);
/// Sends the readiness of one member to all members.
void notify_ready(PartyNotifier& notifier, const Tenant& tenant, const Party& party, PlayerId member);
/// Sends the end of an invitation to the invited player and to the leader.
void notify_invite_ended(PartyNotifier& notifier, const Tenant& tenant, const Party& party, PlayerId guest,
                         InviteEnd reason);

}  // namespace mm::lobby
