"use strict";
// Beside this page stands the document of the same service; nothing is asked of any other host.
const { SwaggerUIBundle } = /** @type {any} */ (globalThis);
SwaggerUIBundle({
  dom_id: "#reference",
  url: "openapi.json",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  onComplete: () => { document.title = document.querySelector("#reference .title")?.firstChild?.textContent ?? document.title; },
});
