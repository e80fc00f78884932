// Starts Swagger UI on the document that the page names.
const target = document.getElementById("swagger-ui");
window.SwaggerUIBundle({ url: target.dataset.url, domNode: target, deepLinking: true });
