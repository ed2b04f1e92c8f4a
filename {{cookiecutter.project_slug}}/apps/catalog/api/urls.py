from django.urls import path

from . import views

urlpatterns = [
    path("categories/", views.CategoryListView.as_view(), name="categories"),
    path("categories/<slug:slug>/", views.CategoryView.as_view(), name="category"),
    path("products/", views.ProductListView.as_view(), name="products"),
    path("products/<slug:sku>/", views.ProductView.as_view(), name="product"),
    path(
        "products/<slug:sku>/reviews/", views.ReviewListView.as_view(), name="reviews"
    ),
]
