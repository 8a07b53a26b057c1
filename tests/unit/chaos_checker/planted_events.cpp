#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

const char* const kRoster = R"([{"players":[{"player_id":"a"}]},{"players":[{"player_id":"b"}]}])";
const char* const kOfMatch = R"({"match_id":"m"})";

void events_out_of_order(RunFiles& run) {
  run.message("MATCH", 1, 5'000, "match.completed", "m.completed", kOfMatch);
  run.message("MATCH", 2, 5'100, "match.ready", "m.ready", kOfMatch);
}

void copies_differ(RunFiles& run) {
  run.message("MATCH", 1, 5'000, "match.completed", "m.completed", R"({"match_id":"m","winning_team":0})");
  run.fact("tap", "event", 5'001,
           Json()
               .text("subject", "match.completed")
               .text("msg_id", "m.completed")
               .text("body", R"({"match_id":"m","winning_team":1})"));
}

void event_without_a_row(RunFiles& run) {
  run.message("MATCH", 1, 5'000, "match.completed", "m.completed", kOfMatch);
  run.files["dump/postgres/session.match.jsonl"] = {};
}

void cancelled_event_of_a_completed_match(RunFiles& run) {
  run.message("MATCH", 1, 5'000, "match.cancelled", "m.cancelled", kOfMatch);
  run.row("session.match", row_of_match("m", "completed", 1'000, 4'990, kRoster));
  run.message("MATCH", 2, 1'010, "match.found", "m.1",
              Json().text("match_id", "m").text("mode", "duel").number("team_size", 1).raw("teams", kRoster).str());
  // The stream's order is not what this run is about.
  auto& stream = run.files["dump/jetstream/MATCH.jsonl"];
  std::swap(stream[0], stream[1]);
  stream[0].replace(stream[0].find("\"seq\":2"), 7, "\"seq\":1");
  stream[1].replace(stream[1].find("\"seq\":1"), 7, "\"seq\":2");
}

void outbox(RunFiles& run, std::int64_t at_ms, bool sent) {
  Json row = Json().text("message_id", "m.ready").text("subject", "match.ready");
  if (sent) row.text("sent_under", "NATS1");
  run.row("session.outbox", row.text("created_at", time_text(kEpochMs + at_ms)));
}

void event_stays_in_the_outbox(RunFiles& run) {
  outbox(run, 5'000, false);
  quiesced(run, 30'000);
}

void published_event_is_not_in_the_stream(RunFiles& run) {
  outbox(run, 5'000, true);
  run.files["dump/jetstream/MATCH.jsonl"] = {};
  quiesced(run, 30'000);
}

void event_is_published_late(RunFiles& run) {
  outbox(run, 5'000, true);
  run.message("MATCH", 1, 9'000, "match.ready", "m.ready", kOfMatch);
}

void frame(RunFiles& run, std::int64_t at_ms, std::int64_t number, const std::string& type = "party_updated") {
  run.fact("bots", "frame", at_ms, Json().text("player", "a").text("type", type).number("seq", number));
}

void connect(RunFiles& run, std::int64_t at_ms, bool resumed, std::int64_t number) {
  run.call("bots", "connect", at_ms, at_ms + 5, "ok", Json().text("player", "a"),
           Json().flag("resumed", resumed).number("seq", number));
}

void frame_is_missing(RunFiles& run) {
  connect(run, 1'000, false, 7);
  frame(run, 2'000, 8);
  frame(run, 3'000, 10);
}

void frame_without_a_number(RunFiles& run) {
  connect(run, 1'000, false, 7);
  frame(run, 2'000, 8);
  frame(run, 3'000, 0, "queue_left");  // allowed: the ticket was lost with the queue
  frame(run, 3'000, 0, "party_updated");
}

void frame_is_missing_after_a_resume(RunFiles& run) {
  connect(run, 1'000, false, 7);
  frame(run, 2'000, 8);
  run.fact("bots", "disconnect", 3'000, Json().text("player", "a").number("code", 1006));
  connect(run, 4'000, true, 8);
  frame(run, 5'000, 10);
}

void resumed_welcome_skips_frames(RunFiles& run) {
  connect(run, 1'000, false, 7);
  frame(run, 2'000, 8);
  run.fact("bots", "disconnect", 3'000, Json().text("player", "a").number("code", 1006));
  frame(run, 4'001, 9);
  frame(run, 4'002, 11, "welcome");
  connect(run, 4'000, true, 11);
}

void match_is_not_announced(RunFiles& run) {
  connect(run, 1'000, false, 7);
  run.row("session.match", row_of_match("m", "running", 2'000, -1, kRoster));
}

Json shown(std::int64_t version, const std::vector<std::string>& members, const std::string& leader = "a") {
  return Json().text("party", "p").number("version", version).text("leader", leader).texts("members", members);
}

Json by(const std::string& player) { return Json().text("player", player).text("party", "p"); }

void party_goes_back(RunFiles& run) {
  run.call("bots", "party_join", 1'000, 1'005, "ok", by("b"), shown(5, {"a", "b"}));
  run.call("bots", "party_get", 2'000, 2'005, "ok", by("a"), shown(4, {"a"}));
}

void version_has_two_contents(RunFiles& run) {
  run.call("bots", "party_get", 1'000, 1'005, "ok", by("a"), shown(5, {"a", "b"}));
  run.call("bots", "party_get", 1'002, 1'007, "ok", by("b"), shown(5, {"a", "c"}));
}

void departed_member_is_shown(RunFiles& run) {
  run.call("bots", "party_leave", 1'000, 1'005, "ok", by("b"));
  run.call("bots", "party_get", 2'000, 2'005, "ok", by("a"), shown(5, {"a", "b"}));
}

void leader_is_not_a_member(RunFiles& run) {
  run.call("bots", "party_get", 1'000, 1'005, "ok", by("a"), shown(5, {"a", "b"}, "c"));
}

void member_of_two_stored_parties(RunFiles& run) {
  run.key("party:p", "hash", R"({"leader":"a","max_size":"5","version":"3","m:a":"1|1|x","m:b":"1|1|x"})");
  run.key("party:q", "hash", R"({"leader":"b","max_size":"5","version":"3","m:b":"1|1|x"})");
  run.key("member", "hash", R"({"a":"p","b":"q"})");
}

}  // namespace

std::vector<Planted> planted_events() {
  return {
      {"I26", "events out of order", events_out_of_order},
      {"I26", "copies differ", copies_differ},
      {"I27", "event without a row", event_without_a_row},
      {"I27", "cancelled event of a completed match", cancelled_event_of_a_completed_match},
      {"I28", "event stays in the outbox", event_stays_in_the_outbox},
      {"I28", "published event is not in the stream", published_event_is_not_in_the_stream},
      {"I28", "event is published late", event_is_published_late},
      {"I29", "frame is missing", frame_is_missing},
      {"I29", "frame without a number", frame_without_a_number},
      {"I29", "frame is missing after a resume", frame_is_missing_after_a_resume},
      {"I29", "resumed welcome skips frames", resumed_welcome_skips_frames},
      {"I29", "match is not announced", match_is_not_announced},
      {"I30", "party goes back", party_goes_back},
      {"I30", "version has two contents", version_has_two_contents},
      {"I30", "departed member is shown", departed_member_is_shown},
      {"I30", "leader is not a member", leader_is_not_a_member},
      {"I30", "member of two stored parties", member_of_two_stored_parties},
  };
}

}  // namespace mm::chaos
