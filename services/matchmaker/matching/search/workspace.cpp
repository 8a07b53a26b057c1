#include "services/matchmaker/matching/search/workspace.h"

#include <algorithm>

#include "services/matchmaker/matching/search/search_context.h"

namespace mm::matching {

Workspace::Workspace() = default;
Workspace::~Workspace() = default;

SearchContext& Workspace::instruments(const Format& format) {
  constexpr std::size_t kKinds = 8;  // formats kept; with more of them, the oldest context is dropped
  const auto found = std::find_if(instruments_.begin(), instruments_.end(), [&](const auto& made) {
    return made->format.teams == format.teams && made->format.team_size == format.team_size;
  });
  if (found != instruments_.end()) {
    (*found)->format = format;
    return **found;
  }
  if (instruments_.size() == kKinds) instruments_.erase(instruments_.begin());
  return *instruments_.emplace_back(std::make_unique<SearchContext>(format, line, draft));
}

}  // namespace mm::matching
