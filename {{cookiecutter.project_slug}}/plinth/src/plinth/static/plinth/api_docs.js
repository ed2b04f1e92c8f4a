// Swagger UI on the page of templates/api/docs.html. Its requests have the session of the
// browser, and the CSRF token that a session needs.
const page = document.getElementById("docs");

SwaggerUIBundle({
  url: page.dataset.schema,
  domNode: page,
  deepLinking: true,
  validatorUrl: null,
  onComplete() {
    // Newer releases bring a <main>.
    if (!page.querySelector("main")) page.setAttribute("role", "main");
  },
  requestInterceptor(request) {
    request.headers["X-CSRFToken"] = page.dataset.csrfToken;
    return request;
  },
});
