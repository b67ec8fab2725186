SwaggerUIBundle({
  url: "/v1/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  // Nothing leaves this origin: neither the document to be judged, nor a token.
  validatorUrl: null,
});
