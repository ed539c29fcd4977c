"""What surrounds the services: the bank simulator, sample data, broker, images, dashboards."""
