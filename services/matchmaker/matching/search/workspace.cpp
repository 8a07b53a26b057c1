#include "services/matchmaker/matching/search/workspace.h"

#include <algorithm>

#include "services/matchmaker/matching/search/search_context.h"

namespace mm::matching {

Workspace::Workspace() = default;
Workspace::~Workspace() = default;

SearchContext& Workspace::search_context(const Format& format) {
  constexpr std::size_t kKinds = 8;  // formats kept; with more of them, the oldest context is dropped
  const auto found = std::find_if(contexts_.begin(), contexts_.end(), [&](const auto& made) {
    return made->format.teams == format.teams && made->format.team_size == format.team_size;
  });
  if (found != contexts_.end()) {
    (*found)->format = format;
    return **found;
  }
  if (contexts_.size() == kKinds) contexts_.erase(contexts_.begin());
  return *contexts_.emplace_back(std::make_unique<SearchContext>(format, candidates, draft));
}

}  // namespace mm::matching
