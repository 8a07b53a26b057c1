// The output of `run` for a population under several sets of rules: tables, charts, CSV rows.
#pragma once

#include <string>
#include <vector>

#include "services/simulator/crowd/population.h"
#include "services/simulator/report/chart.h"
#include "services/simulator/report/csv.h"
#include "services/simulator/report/table.h"
#include "services/simulator/world/summary.h"

namespace mm::simulator {

/// The results of a population under one set of rules, all seeds together.
struct RunResult {
  std::string rules;  ///< name of the set
  RunRecord record;
  std::vector<Part> parts;
};

/// Adds the results of another seed.
void merge(RunRecord& into, RunRecord&& from);

Table overall_table(const std::vector<RunResult>& results);
/// One kind of part ("decile", "party", "hour") for each set of rules; no rows if there are no such parts.
Table parts_table(const std::vector<RunResult>& results, const std::string& kind);
std::vector<Chart> charts_of(const std::vector<RunResult>& results);

Csv::Row part_columns();
Csv::Row part_row(const std::string& population, const std::string& rules, const Part& part);
Csv::Row queueing_columns();
Csv::Row queueing_row(const std::string& population, const std::string& rules, const Queueing& queueing);

}  // namespace mm::simulator
