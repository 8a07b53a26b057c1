#include "tests/chaos/checker/invariants/invariants.h"

#include <cstdio>
#include <utility>

namespace mm::chaos {
namespace {

constexpr std::array<Invariant, 34> kInvariants{{
    {"I01", "Every acknowledged ticket ends in time, and returns to the queue only when its match was cancelled.",
     check_tickets_end},
    {"I02", "A ticket that has ended never changes again.", check_terminal_states},
    {"I03", "No ticket exists that nobody asked for.", check_tickets_were_asked_for},
    {"I04", "A player has at most one live ticket, and none during a live match.", check_one_ticket_per_player},
    {"I05",
     "A cancelled ticket plays no match; a ticket that could not be cancelled is in one, and is not queued again.",
     check_cancels},
    {"I06", "The players of a ticket are in the same match and team, or none is.", check_parties_stay_together},
    {"I07", "A ticket times out at its deadline: not earlier, and at most a second later while it has an owner.",
     check_time_outs},
    {"I08", "No player is in two live matches.", check_one_match_per_player},
    {"I09", "Each match has the players, mode, region and rating windows that its mode demands.", check_match_rules},
    {"I10", "A ticket is matched exactly if session's row lists it.", check_matched_tickets_have_rows},
    {"I11", "Each match has an event, exactly one row and exactly one server.", check_matches_have_rows},
    {"I12", "No place on a server hosts two live matches, and no place is kept for a match that is over.",
     check_servers},
    {"I13", "Every player of a live match gets its server within two seconds, and nobody else does.",
     check_players_get_servers},
    {"I14", "Each lease has an epoch of its own, and the epochs of a partition rise.", check_epochs},
    {"I15", "An acknowledged result is stored as it was reported.", check_acknowledged_results},
    {"I16", "The same result again is accepted without effect; a different one is refused.", check_repeated_results},
    {"I17", "Each completed match is applied to the ratings exactly once.", check_applied_once},
    {"I18", "In Elo modes the changes of a match, and of all players, add up to zero.", check_rating_sums},
    {"I19", "Replaying the log of rating changes gives the rating table.", check_rating_replay},
    {"I20", "The leaderboard follows from the log, at most five seconds later.", check_leaderboard},
    {"I21", "A player's history lists each completed match once, without gaps.", check_match_history},
    {"I22", "A refresh token has one accepted child, and a family ends when a spent token is used.",
     check_refresh_chains},
    {"I23", "After a logout no token of the login is accepted.", check_logouts},
    {"I24", "A name has one account, and each acknowledged registration can log in.", check_accounts},
    {"I25", "In any period, a player's accepted requests stay within burst and rate.", check_rate_limits},
    {"I26", "The events of a match come in order, and copies of an event are equal.", check_event_order},
    {"I27", "No event is published without its row.", check_events_have_rows},
    {"I28", "Every event of an outbox is published, within two seconds.", check_outboxes},
    {"I29", "A player's frames have no gap without a new welcome, and each match is announced within a second.",
     check_frames},
    {"I30", "A party's versions rise by one per change, and each acknowledged change is seen by the next read.",
     check_parties},
    {"I31", "Two waiting tickets that can play together are matched within two ticks.", check_eligible_pairs},
    {"I32", "No match, claim or event stays in an intermediate state.", check_intermediate_states},
    {"I33", "Memory, descriptors, threads and connections return to where they were.", check_resources},
    {"I34", "No secret is written to a log, a metric, an answer or an event.", check_secrets},
}};

}  // namespace

std::span<const Invariant> invariants() { return kInvariants; }

Verdict not_checked(std::string why) {
  Verdict verdict;
  verdict.not_checked = std::move(why);
  return verdict;
}

std::string named(const Run& run, std::string_view kind, Symbol id) {
  return std::string(kind) + " " + std::string(run.symbols.text(id));
}

std::string seconds_text(std::int64_t ms) {
  char text[40];
  std::snprintf(text, sizeof text, "%.3f s", static_cast<double>(ms) / 1000);
  return text;
}

}  // namespace mm::chaos
