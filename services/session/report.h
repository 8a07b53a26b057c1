// Reads the result that a game server reports: splits each entry of player_stats into player_id and stats, and hashes
// the content, so that a repeated result is recognised whatever the order of its keys or the format of its numbers.
#pragma once

#include "common/contracts/problem.h"
#include "common/contracts/session.h"
#include "services/session/core/result.h"

namespace mm::session {

/// invalid_fields for a number outside the range of a double. judge() checks that the report fits the match.
Reply<Report> read_report(const ReportResult& result);

}  // namespace mm::session
