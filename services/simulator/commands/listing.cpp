#include "services/simulator/commands/listing.h"

#include <cstdio>

#include "services/simulator/commands/options.h"
#include "services/simulator/crowd/population_file.h"
#include "services/simulator/policies/catalogue.h"
#include "services/simulator/report/table.h"

namespace mm::simulator {

int run_populations(Words words) {
  int status = kExitFine;
  if (!read_options({"populations", "", {}}, words, status)) return status;
  Table table{{"name", "players", "mode", "minutes", "about"}, {}, 5};
  for (const std::string& name : shipped_populations()) {
    const auto population = load_population(name);
    if (!population) return refuse(population.error().front(), kExitFailed);
    table.rows.push_back({name, std::to_string(population->players),
                          population->mode + " " + std::to_string(population->team_size),
                          number_text(population->minutes, 0), population->about});
  }
  std::fputs(plain_text(table, "").c_str(), stdout);
  return kExitFine;
}

int run_policies(Words words) {
  int status = kExitFine;
  if (!read_options({"policies", "", {}}, words, status)) return status;
  Table table{{"name", "about"}, {}, 2};
  for (const PolicyKind& kind : policy_kinds()) table.rows.push_back({std::string(kind.name), std::string(kind.about)});
  std::fputs(plain_text(table, "").c_str(), stdout);
  return kExitFine;
}

}  // namespace mm::simulator
