// The program api_docs: prints a document as the gateway serves it. Usage: `api_docs openapi` or `api_docs asyncapi`.
#include <cstdio>
#include <string_view>

#include "services/gateway/docs/asyncapi.h"
#include "services/gateway/docs/openapi.h"
#include "services/gateway/handlers/routes.h"

using namespace mm::gateway;

int main(int argc, char** argv) {
  const std::string_view asked = argc == 2 ? argv[1] : "";
  if (asked != "openapi" && asked != "asyncapi") {
    std::fputs("usage: api_docs openapi|asyncapi\n", stderr);
    return 2;
  }
  const auto text = asked == "openapi" ? docs::openapi_document(routes()) : docs::asyncapi_document();
  std::puts(text.c_str());
  return 0;
}
