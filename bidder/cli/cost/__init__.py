"""The bill: the cost of a rate of requests on AWS by entrance, from a dated table of prices. Pure except the plot."""
