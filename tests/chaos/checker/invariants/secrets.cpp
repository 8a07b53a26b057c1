// I34: the search itself is done while the run is read (input/secrets.h).
#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {

Verdict check_secrets(const Run& run) {
  if (run.canaries == 0 && run.leaks.empty()) return not_checked("canaries.txt names no planted secret");
  Verdict verdict;
  verdict.things = "files";
  verdict.checked = run.files_searched;
  for (const auto& leak : run.leaks) verdict.add(leak.what + " is in " + run.files[leak.at.file] + ".", {leak.at});
  return verdict;
}

}  // namespace mm::chaos
