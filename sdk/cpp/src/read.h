// JSON of the service -> the SDK's types. Tolerant: unknown fields are ignored and absent ones keep their defaults,
// so that an older SDK works with a newer service.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "matchmaker/events.h"
#include "matchmaker/result.h"
#include "matchmaker/types.h"
#include "src/json.h"

namespace matchmaker {

void read(const Json& json, Account& out);
void read(const Json& json, Profile& out);
void read(const Json& json, Party& out);
void read(const Json& json, Invitation& out);
void read(const Json& json, std::vector<Invitation>& out);
void read(const Json& json, ReadyState& out);
void read(const Json& json, Ticket& out);
void read(const Json& json, WaitForecast& out);
void read(const Json& json, Newcomers& out);
void read(const Json& json, Explanation& out);
void read(const Json& json, Match& out);
void read(const Json& json, RecentMatch& out);
void read(const Json& json, Active& out);
void read(const Json& json, HistoryPage& out);
void read(const Json& json, LeaderboardPage& out);
inline void read(const Json&, Done&) {}

void read(const Json& json, MemberJoined& out);
void read(const Json& json, MemberLeft& out);
void read(const Json& json, MemberReady& out);
void read(const Json& json, InviteEnded& out);
void read(const Json& json, ChatMessage& out);
void read(const Json& json, QueueLeft& out);
void read(const Json& json, MatchFound& out);
void read(const Json& json, SessionReady& out);
void read(const Json& json, MatchCancelled& out);
void read(const Json& json, MatchCompleted& out);
void read(const Json& json, RatingChanged& out);

/// The Error of an answer that is none of 2xx.
Error read_error(int status, const std::string& body);

}  // namespace matchmaker
