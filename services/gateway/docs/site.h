// The API documents and the pages /docs and /redoc. All files are loaded at the start from a fixed list of names, so no
// request path reaches the file system. The pages need no network. If Swagger UI and ReDoc were not installed at build
// time (MM_DOCS_UI), a built-in page lists the operations. Immutable.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/gateway/api/route.h"

namespace mm::gateway::docs {

struct File {
  std::string content_type;
  std::shared_ptr<const std::string> content;  // owners: the Site and the answers being sent
  std::shared_ptr<const std::string> gzipped;  ///< null if there is no compressed form
  std::string etag;
};

class Site {
 public:
  /// `folder`: the output of services/gateway/docs_ui; it may be missing.
  Site(const std::string& folder, Routes routes);

  const File& openapi() const { return openapi_; }
  const File& asyncapi() const { return asyncapi_; }
  /// The page at /docs or /redoc.
  const File& page(std::string_view section) const;
  /// A file of that page, or null.
  const File* file(std::string_view section, std::string_view name) const;

  /// True if the files of Swagger UI and ReDoc were found.
  bool complete() const { return complete_; }

 private:
  std::map<std::string, File, std::less<>> files_;  // "docs/swagger-ui.css"
  File openapi_;
  File asyncapi_;
  bool complete_ = false;
};

/// The default folder: ../share/docs_ui relative to the directory of the running program.
std::string default_folder();

}  // namespace mm::gateway::docs
