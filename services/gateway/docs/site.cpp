#include "services/gateway/docs/site.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>
#include <sstream>

#include "common/security/secrets.h"
#include "services/gateway/docs/asyncapi.h"
#include "services/gateway/docs/openapi.h"

namespace mm::gateway::docs {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";

struct Listed {
  std::string_view name;
  std::string_view type;
};

constexpr std::array kFiles{
    Listed{"docs/swagger-ui.css", kStyle},
    Listed{"docs/swagger-ui-bundle.js", kScript},
    Listed{"docs/swagger-ui-standalone-preset.js", kScript},
    Listed{"docs/favicon-32x32.png", "image/png"},
    Listed{"redoc/redoc.standalone.js", kScript},
};

constexpr std::string_view kSwaggerPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Matchmaker API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script></body></html>
)";

constexpr std::string_view kSwaggerStart = R"(window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: "BaseLayout"
});
)";

constexpr std::string_view kRedocPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Matchmaker API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><div id="redoc"></div>
<script src="/redoc/redoc.standalone.js"></script><script src="/redoc/start.js"></script></body></html>
)";

constexpr std::string_view kRedocStart = R"(Redoc.init("/openapi.json", {disableSearch: true, hideLogo: true,
  theme: {typography: {fontFamily: "sans-serif", headings: {fontFamily: "sans-serif"}}}},
  document.getElementById("redoc"));
)";

// The page if Swagger UI and ReDoc are missing: a list of the operations.
constexpr std::string_view kPlainPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Matchmaker API</title></head>
<body><h1>Matchmaker API</h1><p>The complete description is at <a href="/openapi.json">/openapi.json</a> (HTTP) and
<a href="/asyncapi.json">/asyncapi.json</a> (WebSocket and bus).</p><table id="operations"></table>
<script src="/docs/start.js"></script></body></html>
)";

constexpr std::string_view kPlainStart = R"(fetch("/openapi.json").then(answer => answer.json()).then(api => {
  const table = document.getElementById("operations");
  for (const [path, operations] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const row = table.insertRow();
      for (const text of [method.toUpperCase(), path, operation.summary]) row.insertCell().textContent = text;
    }
});
)";

File made(std::string text, std::string_view type) {
  File file;
  file.content_type = type;
  file.etag = '"' + security::sha256_hex(text).substr(0, 32) + '"';
  file.content = std::make_shared<const std::string>(std::move(text));
  return file;
}

std::optional<std::string> read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace

Site::Site(const std::string& folder, Routes routes)
    : openapi_(made(openapi_document(routes), "application/json")),
      asyncapi_(made(asyncapi_document(), "application/json")) {
  complete_ = true;
  for (const auto& listed : kFiles) {
    const auto path = folder + "/" + std::string(listed.name);
    auto text = read(path);
    if (!text) {
      complete_ = false;
      continue;
    }
    auto file = made(*std::move(text), listed.type);
    if (auto gzipped = read(path + ".gz")) file.gzipped = std::make_shared<const std::string>(*std::move(gzipped));
    files_.emplace(listed.name, std::move(file));
  }
  files_.emplace("docs/", made(std::string(complete_ ? kSwaggerPage : kPlainPage), kHtml));
  files_.emplace("docs/start.js", made(std::string(complete_ ? kSwaggerStart : kPlainStart), kScript));
  files_.emplace("redoc/", made(std::string(complete_ ? kRedocPage : kPlainPage), kHtml));
  files_.emplace("redoc/start.js", made(std::string(kRedocStart), kScript));
}

const File& Site::page(std::string_view section) const { return files_.find(std::string(section) + "/")->second; }

const File* Site::file(std::string_view section, std::string_view name) const {
  const auto found = files_.find(std::string(section) + "/" + std::string(name));
  return found != files_.end() && !name.empty() ? &found->second : nullptr;
}

std::string default_folder() {
  char path[PATH_MAX] = {};
  const auto length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return {};
  std::string program(path, static_cast<std::size_t>(length));
  return program.substr(0, program.rfind('/')) + "/../share/docs_ui";
}

}  // namespace mm::gateway::docs
