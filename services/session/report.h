// Reads a game server's result: splits player_stats into who and what, and hashes the content so that a repeat is
// known whatever the order of its keys or the writing of its numbers.
#pragma once

#include "common/contracts/problem.h"
#include "common/contracts/session.h"
#include "services/session/core/result.h"

namespace mm::session {

/// invalid_fields for a number no database holds; what does not fit the match is for check_report.
Reply<Report> read_report(const ReportResult& result);

}  // namespace mm::session
