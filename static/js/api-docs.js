// Draws the description of the API. A signed-in person's calls carry the page's CSRF token.
const page = document.getElementById("api-docs");
SwaggerUIBundle({
  domNode: page,
  url: page.dataset.description,
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (request.method && request.method !== "GET") {
      request.headers["X-CSRFToken"] = page.dataset.csrf;
    }
    return request;
  },
});
