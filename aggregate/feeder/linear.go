package feeder

// vector and matrix hold the two or three terms of a loss model; unused places
// are 0.
type (
	vector [3]float64
	matrix [3]vector
)

func (v *vector) add(x vector, weight float64) {
	for i := range v {
		v[i] += weight * x[i]
	}
}

func (v vector) dot(x vector) float64 { return v[0]*x[0] + v[1]*x[1] + v[2]*x[2] }

func (v vector) minus(x vector) vector { return vector{v[0] - x[0], v[1] - x[1], v[2] - x[2]} }

// add adds weight·x·xᵀ.
func (m *matrix) add(x vector, weight float64) {
	for i := range m {
		m[i].add(x, weight*x[i])
	}
}

func (m *matrix) scale(by float64) {
	for i := range m {
		for j := range m[i] {
			m[i][j] *= by
		}
	}
}

// solve returns m⁻¹·right for the first n places, by elimination; m is positive
// definite there but for rounding, which the ridge sees to.
func (m matrix) solve(right vector, n int) vector {
	for i := range n {
		m[i][i] += 1e-12 * (m[i][i] + 1e-300)
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			f := m[j][i] / m[i][i]
			m[j].add(m[i], -f)
			right[j] -= f * right[i]
		}
	}
	var out vector
	for i := n - 1; i >= 0; i-- {
		out[i] = right[i]
		for j := i + 1; j < n; j++ {
			out[i] -= m[i][j] * out[j]
		}
		out[i] /= m[i][i]
	}
	return out
}
