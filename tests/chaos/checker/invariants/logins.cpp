// I22, I23, I24: refresh tokens, logouts and accounts. Two operations are compared only if one ended before the other
// began.
#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kGraceUs = 10'000'000;
constexpr std::int64_t kSlackUs = 1'000'000;
constexpr std::int64_t kDenialUs = 1'000'000;

bool is(const Run& run, Symbol symbol, std::string_view text) { return run.symbols.text(symbol) == text; }

std::vector<Where> lines_of(const Call& first, const Call& second) {
  return {first.begin_at, first.end_at, second.begin_at, second.end_at};
}

/// All tokens that descend from one login.
struct Family {
  const Call* login = nullptr;
  std::vector<const Call*> refreshes;  ///< accepted or refused, in order of their begin
  std::vector<const Call*> logouts;
};

class Families {
 public:
  explicit Families(const Run& run) {
    for (const auto& call : run.calls) add(call);
  }

  const std::vector<Family>& all() const { return families_; }
  /// The family that the login with this number began.
  const Family* of_login(Symbol writer, std::int64_t number) const {
    const auto found = by_login_.find({writer, number});
    return found == by_login_.end() ? nullptr : &families_[found->second];
  }

 private:
  // Calls come in the order of their begin, and a client knows a token only after the answer that brought it.
  void add(const Call& call) {
    if (call.op == Op::login && call.ok() && call.token) {
      family_of_.emplace(call.token, families_.size());
      by_login_.emplace(std::tuple(call.writer, call.number), families_.size());
      families_.push_back({&call, {}, {}});
    } else if (call.op == Op::refresh && call.parent) {
      const auto family = family_of_.find(call.parent);
      if (family == family_of_.end()) return;
      families_[family->second].refreshes.push_back(&call);
      if (call.ok() && call.child) family_of_.emplace(call.child, family->second);
    } else if (call.op == Op::logout && call.token) {
      const auto family = family_of_.find(call.token);
      if (family != family_of_.end()) families_[family->second].logouts.push_back(&call);
    }
  }

  std::vector<Family> families_;
  std::unordered_map<Symbol, std::size_t> family_of_;
  std::map<std::tuple<Symbol, std::int64_t>, std::size_t> by_login_;
};

/// The accepted uses of one token.
struct Uses {
  const Call* first_ended = nullptr;  ///< the accepted use that ended first
  std::vector<const Call*> accepted;
};

void check_children(const Run& run, const std::unordered_map<Symbol, Uses>& uses, Symbol parent, Verdict& verdict) {
  const auto& own = uses.at(parent);
  for (const auto* use : own.accepted) {
    if (use->child != own.first_ended->child) {
      return verdict.add("refresh token " + run.text(parent) + " has two accepted children.",
                         lines_of(*own.first_ended, *use));
    }
    if (use->begin.us > own.first_ended->end.us + kGraceUs + kSlackUs) {
      return verdict.add("refresh token " + run.text(parent) + " was accepted again " +
                             seconds_text((use->begin.us - own.first_ended->end.us) / 1000) + " after it was used.",
                         lines_of(*own.first_ended, *use));
    }
    const auto child = uses.find(use->child);
    if (child == uses.end() || child->second.first_ended == nullptr) continue;
    const auto* child_use = child->second.first_ended;
    if (child_use->end.us >= use->begin.us) continue;
    return verdict.add("refresh token " + run.text(parent) + " was accepted after its child had been used.",
                       lines_of(*child_use, *use));
  }
}

void check_one_parent(const Run& run, const Family& family, Verdict& verdict) {
  std::unordered_map<Symbol, const Call*> parents;
  for (const auto* call : family.refreshes) {
    if (!call->ok() || !call->child) continue;
    const auto [place, fresh] = parents.try_emplace(call->child, call);
    if (fresh || place->second->parent == call->parent) continue;
    verdict.add("refresh token " + run.text(call->child) + " has two parents.", lines_of(*place->second, *call));
  }
}

/// A refused token of the family means that the family has ended.
void check_refused(const Run& run, const Family& family, Verdict& verdict) {
  const Call* refused = nullptr;
  for (const auto* call : family.refreshes) {
    const bool dead = call->outcome == Outcome::fail && is(run, call->code, "invalid_refresh_token");
    if (dead && (refused == nullptr || call->end.us < refused->end.us)) refused = call;
  }
  if (refused == nullptr) return;
  for (const auto* call : family.refreshes) {
    if (!call->ok() || call->begin.us <= refused->end.us) continue;
    return verdict.add("a refresh token was accepted after another one of its login had been refused.",
                       lines_of(*refused, *call));
  }
}

void check_family(const Run& run, const Family& family, Verdict& verdict) {
  std::unordered_map<Symbol, Uses> uses;
  std::vector<Symbol> parents;
  for (const auto* call : family.refreshes) {
    if (!call->ok()) continue;
    auto& own = uses[call->parent];
    if (own.accepted.empty()) parents.push_back(call->parent);
    own.accepted.push_back(call);
    if (own.first_ended == nullptr || call->end.us < own.first_ended->end.us) own.first_ended = call;
  }
  for (const auto parent : parents) check_children(run, uses, parent, verdict);
  check_one_parent(run, family, verdict);
  check_refused(run, family, verdict);
}

/// The acknowledged logout that ended first; nullptr if there is none.
const Call* first_logout(const Family& family) {
  const Call* first = nullptr;
  for (const auto* call : family.logouts) {
    if (call->ok() && (first == nullptr || call->end.us < first->end.us)) first = call;
  }
  return first;
}

void check_refresh_after_logout(const Run& run, const Family& family, Verdict& verdict) {
  const auto* logout = first_logout(family);
  if (logout == nullptr) return;
  for (const auto* call : family.refreshes) {
    if (!call->ok() || call->begin.us <= logout->end.us) continue;
    return verdict.add(
        "a refresh token of " + named(run, "player", logout->player) + " was accepted after the logout of its login.",
        lines_of(*logout, *call));
  }
}

/// A queue that was replaced by an older one has older tokens.
bool lived_through_a_loss(const Run& run, const Family& family) {
  auto last = family.login->end.wall_ms;
  for (const auto* list : {&family.refreshes, &family.logouts}) {
    for (const auto* call : *list) last = std::max(last, call->begin.wall_ms);
  }
  return run.timeline.any_between(family.login->begin.wall_ms, last, kQueueLost);
}

bool needs_login(Op op) {
  switch (op) {
    case Op::enqueue:
    case Op::cancel:
    case Op::ticket:
    case Op::party_create:
    case Op::party_invite:
    case Op::party_join:
    case Op::party_leave:
    case Op::party_kick:
    case Op::party_promote:
    case Op::party_ready:
    case Op::party_get:
    case Op::match:
    case Op::me:
    case Op::history:
    case Op::active:
    case Op::connect: return true;
    default: return false;
  }
}

/// A time in which a player may have a valid access token.
struct LoggedIn {
  std::int64_t from_us = 0;
  std::int64_t to_us = kNever;
  const Call* logout = nullptr;
};

/// By player. A login whose answer was lost may have happened, and nobody logs out of it, so it lasts; but nobody has
/// its token either, so it does not count.
std::unordered_map<Symbol, std::vector<LoggedIn>> logins_by_player(const Families& families) {
  std::unordered_map<Symbol, std::vector<LoggedIn>> players;
  for (const auto& family : families.all()) {
    const auto* logout = first_logout(family);
    players[family.login->player].push_back(
        {family.login->begin.us, logout == nullptr ? kNever : logout->end.us + kDenialUs + kSlackUs, logout});
  }
  return players;
}

void check_access(const Run& run, const Call& call, const std::vector<LoggedIn>& logins, Verdict& verdict) {
  const LoggedIn* last = nullptr;
  for (const auto& login : logins) {
    if (login.from_us > call.end.us) continue;
    if (login.to_us >= call.begin.us) return;
    if (last == nullptr || login.to_us > last->to_us) last = &login;
  }
  if (last == nullptr || last->logout == nullptr) return;
  // The list of ended logins is in the cache, which may lose its data in a fault.
  if (!run.timeline.calm(last->logout->begin.wall_ms, call.end.wall_ms)) return;
  verdict.add(named(run, "player", call.player) + " was served " +
                  seconds_text((call.begin.us - last->logout->end.us) / 1000) + " after the last logout.",
              lines_of(*last->logout, call));
}

/// The history says which login's access token was used.
void check_access_of_login(const Run& run, const Call& call, const Family* family, Verdict& verdict) {
  const auto* logout = family == nullptr ? nullptr : first_logout(*family);
  if (logout == nullptr || call.begin.us <= logout->end.us + kDenialUs) return;
  if (!run.timeline.calm(logout->begin.wall_ms, call.end.wall_ms)) return;
  verdict.add(named(run, "player", logout->player) + " was served with the token of a login " +
                  seconds_text((call.begin.us - logout->end.us) / 1000) + " after its logout.",
              lines_of(*logout, call));
}

std::string lower(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

void check_unique_accounts(const Run& run, Verdict& verdict) {
  for (const bool by_email : {false, true}) {
    std::map<std::tuple<Symbol, Symbol>, const AccountRow*> owners;
    for (const auto& row : run.accounts) {
      const auto key = by_email ? row.email : row.name_key;
      if (!key) continue;  // a deleted account
      const auto [place, fresh] = owners.try_emplace({row.tenant, key}, &row);
      if (!fresh) {
        verdict.add(std::string(by_email ? "an e-mail address" : "a name") + " has two accounts.",
                    {place->second->at, row.at});
      }
    }
  }
}

struct Registrations {
  std::map<std::string, const Call*> by_name;  ///< the acknowledged registration of a folded name that ended first
  std::unordered_map<Symbol, const AccountRow*> accounts;
};

void check_registration(const Run& run, const Call& call, Registrations& known, Verdict& verdict) {
  const auto [place, fresh] = known.by_name.try_emplace(lower(run.symbols.text(call.name)), &call);
  if (!fresh && place->second->player != call.player) {
    verdict.add("two registrations of one name were acknowledged.", lines_of(*place->second, call));
  }
  if (fresh && run.has("profile.account") && !known.accounts.contains(call.player)) {
    verdict.add(named(run, "player", call.player) + " was registered with an acknowledgement, and has no account.",
                {call.begin_at, call.end_at});
  }
}

void check_login(const Run& run, const Call& call, const Registrations& known, Verdict& verdict) {
  if (call.wrong) {
    if (call.ok()) verdict.add("a wrong password was accepted.", {call.begin_at, call.end_at});
    return;
  }
  const auto found = known.by_name.find(lower(run.symbols.text(call.name)));
  if (found == known.by_name.end()) return;
  const auto& registration = *found->second;
  if (registration.end.us >= call.begin.us) return;
  if (call.outcome == Outcome::fail && is(run, call.code, "invalid_credentials")) {
    verdict.add("the login of an acknowledged registration was refused.", lines_of(registration, call));
  } else if (call.ok() && call.player && call.player != registration.player) {
    verdict.add("a login has another player than the registration of its name.", lines_of(registration, call));
  }
}

}  // namespace

Verdict check_refresh_chains(const Run& run) {
  Verdict verdict;
  verdict.things = "refreshes";
  const Families families(run);
  for (const auto& family : families.all()) {
    if (lived_through_a_loss(run, family)) continue;
    verdict.checked += family.refreshes.size();
    check_family(run, family, verdict);
  }
  if (verdict.checked == 0) verdict.not_checked = "the history has no refresh of a token that a login gave";
  return verdict;
}

Verdict check_logouts(const Run& run) {
  Verdict verdict;
  verdict.things = "logouts";
  const Families families(run);
  for (const auto& family : families.all()) {
    if (first_logout(family) == nullptr || lived_through_a_loss(run, family)) continue;
    ++verdict.checked;
    check_refresh_after_logout(run, family, verdict);
  }
  if (verdict.checked == 0) return not_checked("the history has no acknowledged logout of a known login");
  const auto logins = logins_by_player(families);
  for (const auto& call : run.calls) {
    if (!call.ok() || !needs_login(call.op)) continue;
    const auto own = logins.find(call.player);
    if (call.login >= 0) {
      check_access_of_login(run, call, families.of_login(call.writer, call.login), verdict);
    } else if (own != logins.end()) {
      check_access(run, call, own->second, verdict);
    }
  }
  return verdict;
}

Verdict check_accounts(const Run& run) {
  Verdict verdict;
  verdict.things = "registrations and logins";
  check_unique_accounts(run, verdict);
  Registrations known;
  for (const auto& account : run.accounts) known.accounts.emplace(account.player, &account);
  std::vector<const Call*> registrations;
  for (const auto& call : run.calls) {
    if (call.op == Op::registered && call.ok() && call.name) registrations.push_back(&call);
  }
  std::sort(registrations.begin(), registrations.end(),
            [](const Call* a, const Call* b) { return a->end.us < b->end.us; });
  verdict.checked = registrations.size();
  for (const auto* call : registrations) check_registration(run, *call, known, verdict);
  for (const auto& call : run.calls) {
    if (call.op != Op::login || !call.name) continue;
    ++verdict.checked;
    check_login(run, call, known, verdict);
  }
  if (verdict.checked == 0 && run.accounts.empty()) verdict.not_checked = "the run has no registration and no account";
  return verdict;
}

}  // namespace mm::chaos
