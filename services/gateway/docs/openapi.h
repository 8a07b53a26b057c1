// Generates the OpenAPI 3.1 document of the HTTP API from the table of routes and the field lists of their messages.
#pragma once

#include <string>

namespace mm::gateway::docs {

std::string openapi_document();

}  // namespace mm::gateway::docs
