// Generates the OpenAPI 3.1 document of the HTTP API from the table of routes and the field lists of their messages.
#pragma once

#include <string>

#include "services/gateway/api/route.h"

namespace mm::gateway::docs {

std::string openapi_document(Routes routes);

}  // namespace mm::gateway::docs
