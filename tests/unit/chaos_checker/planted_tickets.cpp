#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

std::string wall(std::int64_t ms) { return std::to_string(kEpochMs + ms); }

void ticket_waits_for_ever(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  ticket_key(run, "t-a", "queued", "a");
  quiesced(run, 700'000);
}

void acknowledged_ticket_is_gone(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  run.key("claim", "hash", "{}");
  quiesced(run, 30'000);
}

void ticket_is_queued_again_after_a_completed_match(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  run.row("session.match", row_of_match("m", "completed", 2'000, 9'000, "[]"));
  run.message("TICKET", 1, 9'100, "ticket.requeued", "t-a.2.requeued",
              R"({"ticket_id":"t-a","match_id":"m","attempt":2,"queued_at":")" + time_text(kEpochMs + 9'000) + "\"}");
}

void ended_ticket_is_read_as_waiting(RunFiles& run) {
  const Json asked = Json().text("player", "a").text("ticket", "t-a");
  enqueue(run, "a", 1'000, "t-a");
  run.call("bots", "ticket", 2'000, 2'005, "ok", asked, Json().text("state", "CANCELLED"));
  run.call("bots", "ticket", 3'000, 3'005, "ok", asked, Json().text("state", "SEARCHING"));
}

void timed_out_ticket_plays(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  enqueue(run, "b", 1'000, "t-b");
  run.message("TICKET", 1, 601'010, "ticket.closed", "t-a.1.closed",
              R"({"ticket_id":"t-a","reason":"timed_out","players":["a"]})");
  run.row("session.match", row_of_match("m", "running", 601'020, -1, duel("a", "b")));
}

void ticket_of_nobody(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  ticket_key(run, "t-a", "cancelled", "a");
  ticket_key(run, "t-b", "cancelled", "b");
}

void one_lost_attempt_makes_two_tickets(RunFiles& run) {
  run.lost("bots", "enqueue", 1'000, Json().text("player", "a").text("mode", "duel").text("key", "k"));
  run.lost("bots", "enqueue", 2'000, Json().text("player", "a").text("mode", "duel").text("key", "k"));
  ticket_key(run, "t-1", "cancelled", "a");
  ticket_key(run, "t-2", "cancelled", "a");
}

void a_retry_makes_a_second_ticket(RunFiles& run) {
  run.lost("bots", "enqueue", 500, Json().text("player", "a").text("mode", "duel").text("key", "key-t-2"));
  enqueue(run, "a", 2'000, "t-2");
  ticket_key(run, "t-1", "cancelled", "a");
  ticket_key(run, "t-2", "cancelled", "a");
}

void two_live_tickets(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  enqueue(run, "a", 2'000, "t-2");
  ticket_key(run, "t-a", "cancelled", "a", Json().text("ended_at", wall(3'000)));
  ticket_key(run, "t-2", "cancelled", "a", Json().text("ended_at", wall(4'000)));
}

void ticket_during_a_live_match(RunFiles& run) {
  run.row("session.match", row_of_match("m", "completed", 1'000, 9'000, R"([{"players":[{"player_id":"a"}]}])")
                               .text("ready_at", time_text(kEpochMs + 1'100)));
  enqueue(run, "a", 2'000, "t-2");
  ticket_key(run, "t-2", "cancelled", "a", Json().text("ended_at", wall(4'000)));
}

void cancelled_ticket_plays(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  enqueue(run, "b", 1'000, "t-b");
  run.call("bots", "cancel", 2'000, 2'005, "ok", Json().text("player", "a").text("ticket", "t-a"));
  run.row("session.match", row_of_match("m", "running", 2'010, -1, duel("a", "b")));
}

void uncancellable_ticket_is_in_no_match(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  run.call("bots", "cancel", 2'000, 2'005, "fail", Json().text("player", "a").text("ticket", "t-a"),
           Json().text("code", "already_matched"));
  ticket_key(run, "t-a", "cancelled", "a");
  run.files["dump/postgres/session.match.jsonl"] = {};
}

void party_is_split(RunFiles& run) {
  run.call("bots", "enqueue", 1'000, 1'005, "ok", Json().text("player", "a").text("party", "p").text("mode", "duel"),
           Json().text("ticket", "t"));
  run.row("session.match", row_of_match("m", "running", 2'000, -1,
                                        R"([{"players":[{"player_id":"a","ticket_id":"t"}]},)"
                                        R"({"players":[{"player_id":"b","ticket_id":"t"}]}])"));
}

void member_is_left_behind(RunFiles& run) {
  run.call("bots", "enqueue", 1'000, 1'005, "ok", Json().text("player", "a").text("party", "p").text("mode", "duel"),
           Json().text("ticket", "t"));
  run.key("ticket:t", "hash", R"({"state":"matched","match_id":"m","players":"a|1500|350,b|1500|350","mode":"duel"})");
  run.row("session.match",
          row_of_match("m", "running", 2'000, -1, R"([{"players":[{"player_id":"a","ticket_id":"t"}]}])"));
}

void early_time_out(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  ticket_key(run, "t-a", "timed_out", "a", Json().text("ended_at", wall(300'000)));
}

void late_time_out(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  ticket_key(run, "t-a", "timed_out", "a", Json().text("ended_at", wall(603'000)));
}

}  // namespace

std::vector<Planted> planted_tickets() {
  return {
      {"I01", "ticket waits for ever", ticket_waits_for_ever},
      {"I01", "acknowledged ticket is gone", acknowledged_ticket_is_gone},
      {"I01", "queued again after a completed match", ticket_is_queued_again_after_a_completed_match},
      {"I02", "ended ticket is read as waiting", ended_ticket_is_read_as_waiting},
      {"I02", "timed out ticket plays", timed_out_ticket_plays},
      {"I03", "ticket of nobody", ticket_of_nobody},
      {"I03", "one lost attempt makes two tickets", one_lost_attempt_makes_two_tickets},
      {"I03", "a retry makes a second ticket", a_retry_makes_a_second_ticket},
      {"I04", "two live tickets", two_live_tickets},
      {"I04", "ticket during a live match", ticket_during_a_live_match},
      {"I05", "cancelled ticket plays", cancelled_ticket_plays},
      {"I05", "uncancellable ticket is in no match", uncancellable_ticket_is_in_no_match},
      {"I06", "party is split", party_is_split},
      {"I06", "member is left behind", member_is_left_behind},
      {"I07", "early time-out", early_time_out},
      {"I07", "late time-out", late_time_out},
  };
}

}  // namespace mm::chaos
