"""The bill: what a rate of requests costs on AWS by entrance, from a dated table of prices. Pure but for the plot."""
