// Handlers that need no other daemon: health, version, the API documents and their pages, and the list of error codes.
#pragma once

#include "services/gateway/api/route.h"

namespace mm::gateway::pages {

void livez(const ExchangePtr& x);
void readyz(const ExchangePtr& x);
void version(const ExchangePtr& x);
void entry(const ExchangePtr& x);
void error_info(const ExchangePtr& x);
void openapi(const ExchangePtr& x);
void asyncapi(const ExchangePtr& x);
void docs_page(const ExchangePtr& x);
void redoc_page(const ExchangePtr& x);
void site_file(const ExchangePtr& x);

}  // namespace mm::gateway::pages
