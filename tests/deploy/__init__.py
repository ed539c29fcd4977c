"""What is deployed: compose file, image, alerts, dashboards, scripts."""
