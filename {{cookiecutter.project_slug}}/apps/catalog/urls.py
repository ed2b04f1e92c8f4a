from django.urls import path

from . import views

app_name = "catalog"

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("products/", views.ProductListView.as_view(), name="products"),
    path("products/export/", views.ExportView.as_view(), name="export"),
    path("products/import/", views.ImportView.as_view(), name="import"),
    path(
        "products/import/<int:pk>/",
        views.ImportProgressView.as_view(),
        name="import-progress",
    ),
    path("product/<slug:sku>/", views.ProductView.as_view(), name="product"),
    path("product/<slug:sku>/manual/", views.ManualView.as_view(), name="manual"),
    path(
        "product/<slug:sku>/manual/upload/",
        views.ManualUploadView.as_view(),
        name="manual-upload",
    ),
    path(
        "product/<slug:sku>/manual/direct/",
        views.ManualDirectUploadView.as_view(),
        name="manual-direct",
    ),
    path("product/<slug:sku>/review/", views.ReviewView.as_view(), name="review"),
    path("my-reviews/", views.MyReviewsView.as_view(), name="my-reviews"),
]
