#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

const char* const kRoster = R"([{"players":[{"player_id":"a"}]},{"players":[{"player_id":"b"}]}])";

void eligible_pair_waits(RunFiles& run) {
  for (const std::string player : {"a", "b"}) {
    enqueue(run, player, 1'000, "t-" + player);
    ticket_key(run, "t-" + player, "queued", player);
  }
  quiesced(run, 100'000);
}

void match_stays_allocating(RunFiles& run) {
  run.row("session.match", row_of_match("m", "allocating", 1'000, -1, kRoster));
  quiesced(run, 60'000);
}

void match_is_never_confirmed(RunFiles& run) {
  run.key("unconfirmed", "zset", R"([["m",)" + std::to_string(kEpochMs + 1'000) + "]]");
  quiesced(run, 60'000);
}

void claim_is_left(RunFiles& run) {
  run.key("claim", "hash", R"({"a":"m:m"})");
  quiesced(run, 60'000);
}

void memory_stays_high(RunFiles& run) {
  run.files["metrics/lobby.before"] = {"process_resident_memory_bytes 1e8"};
  run.files["metrics/lobby.after"] = {"process_resident_memory_bytes 3e8"};
}

void password_in_a_log(RunFiles& run) {
  run.files["canaries.txt"] = {"canary-4f1c9a"};
  run.files["logs/gateway.log"] = {R"({"event":"started"})", R"({"event":"login","body":"canary-4f1c9a"})"};
}

void token_in_an_event(RunFiles& run) {
  run.fact("tap", "event", 1'000,
           Json()
               .text("subject", "x.y")
               .text("body", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLW9mLTMyLWJ5dGVzLWxvbmc"));
}

}  // namespace

std::vector<Planted> planted_endings() {
  return {
      {"I31", "eligible pair waits", eligible_pair_waits},
      {"I32", "match stays allocating", match_stays_allocating},
      {"I32", "match is never confirmed", match_is_never_confirmed},
      {"I32", "claim is left", claim_is_left},
      {"I33", "memory stays high", memory_stays_high},
      {"I34", "password in a log", password_in_a_log},
      {"I34", "token in an event", token_in_an_event},
  };
}

}  // namespace mm::chaos
