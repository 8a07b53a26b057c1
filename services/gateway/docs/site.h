// The documents and the pages that show them. Everything is loaded at the start, from a fixed list of names: no path of
// a request ever reaches the file system. Works without a network and, if the pages' programs were not built in
// (MM_DOCS_UI), with a built-in page that lists the operations. Immutable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mm::gateway::docs {

struct File {
  std::string content_type;
  std::shared_ptr<const std::string> content;  // owners: the Site and the answers under way
  std::shared_ptr<const std::string> gzipped;  ///< null: there is no such form
  std::string etag;
};

class Site {
 public:
  /// `folder`: what services/gateway/docs_ui built; may not exist.
  explicit Site(const std::string& folder);

  const File& openapi() const { return openapi_; }
  const File& asyncapi() const { return asyncapi_; }
  /// The page at /docs or /redoc.
  const File& page(std::string_view section) const;
  /// A file of that page, or null.
  const File* file(std::string_view section, std::string_view name) const;

  /// The pages' programs were found.
  bool complete() const { return complete_; }

 private:
  std::map<std::string, File, std::less<>> files_;  // "docs/swagger-ui.css"
  File openapi_;
  File asyncapi_;
  bool complete_ = false;
};

/// ../share/docs_ui beside the running program.
std::string default_folder();

}  // namespace mm::gateway::docs
