// All bots of a run, from the first request until nothing of theirs is in progress.
#pragma once

#include "tests/chaos/bots/options.h"

namespace mm::chaos {

/// Runs until the load has ended (after options.seconds, or at SIGTERM or SIGINT) and every ticket and match of the
/// bots has ended, and prints a summary. Exit status: 0; 69: the gateways do not answer, or serve none of the modes;
/// 73: a file cannot be created; 75: something was still in progress after options.drain.
int run_crowd(const Options& options);

}  // namespace mm::chaos
